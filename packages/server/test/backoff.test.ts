import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pollDelay } from '../src/backoff.ts';

it('waits between 10 and 500 ms, whatever the number of looks', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (looks, random) => {
      const delay = pollDelay(looks, random);
      return delay >= 10 && delay <= 500;
    }),
  );
});

it('grows, and spreads waiters over half of its span', () => {
  expect(pollDelay(0, 0)).toBe(10);
  expect(pollDelay(0, 1)).toBe(20);
  expect(pollDelay(20, 0)).toBe(250);
  expect(pollDelay(20, 1)).toBe(500);
});
