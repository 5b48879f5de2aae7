import { describe, expect, it } from 'vitest';
import { toMilliseconds } from '../src/duration.ts';

describe('toMilliseconds', () => {
  it.each([
    [5_000, 5_000],
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
  ] as const)('reads %s', (duration, ms) => {
    expect(toMilliseconds(duration, 'retention')).toBe(ms);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '', '24', 'h', '1w', '-1h', '1e3s', '99999d'])(
    'refuses %s as a retention, and names the option',
    (duration) => {
      expect(() => toMilliseconds(duration as number, 'retention', 1_000)).toThrow(/^retention must be a duration/);
    },
  );
});
