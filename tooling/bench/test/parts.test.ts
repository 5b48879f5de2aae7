import { describe, expect, it } from 'vitest';
import { FlightCount } from '../src/flight-count.ts';
import { readOptions } from '../src/options.ts';
import { measure } from '../src/rounds.ts';
import { median, quantile, spread } from '../src/statistics.ts';
import { drawBars } from '../src/svg.ts';
import { table } from '../src/table.ts';

describe('the numbers', () => {
  it('are quantiles of what was measured', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99)).toBe(10);
    expect(spread([10, 10, 10, 10])).toBe(0);
    expect(spread([8, 9, 10, 11, 12])).toBeCloseTo(0.1);
    expect(() => median([])).toThrow(RangeError);
  });

  it('come from rounds that take turns', async () => {
    const turns: string[] = [];
    const contestant = (name: string) => ({
      name,
      run: async () => {
        if (turns.at(-1) !== name) turns.push(name);
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    const measured = await measure(['a', 'b'].map(contestant), { rounds: 2, roundMs: 20, concurrency: 2 });
    expect(turns.join('')).toBe('ababab');
    expect(measured.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('of flights count how often a client waited for an answer', () => {
    const count = new FlightCount();
    const side = count.connection();
    for (const isClient of [true, true, false, false, true, false, true, true, true, false]) side.piece(isClient);
    expect(count.take()).toBe(3);
    expect(count.take()).toBe(0);
  });
});

describe('what is shown', () => {
  it('is a table whose numbers stand to the right', () => {
    expect(
      table(
        ['system', 'ops'],
        [
          ['a', '5'],
          ['bb', '1000'],
        ],
      ),
    ).toBe('system  ops\n------  ----\na          5\nbb      1000');
  });

  it('is a drawing that says what it is', () => {
    const svg = drawBars('A <title>', [
      {
        title: 'group',
        bars: [
          { name: 'oncekey', ratio: 0.5 },
          { name: 'a peer', ratio: undefined, why: 'no server' },
        ],
      },
    ]);
    expect(svg).toContain('<title id="t">A &lt;title></title>');
    expect(svg).toContain('0.50');
    expect(svg).toContain('did not run: no server');
    expect(svg).toContain('group: oncekey 0.50, a peer did not run.');
  });
});

it('takes its options, and says how where it does not know one', () => {
  expect(readOptions(['--quick', '--json', 'x.json'])).toMatchObject({
    isQuick: true,
    json: 'x.json',
    svg: 'docs/bench.svg',
  });
  expect([...readOptions(['--only', 'storm', '--growth']).cases]).toEqual(['storm', 'growth']);
  expect(readOptions(['--only', 'storm']).svg).toBeUndefined();
  expect(() => readOptions(['--only', 'stork'])).toThrow(/stork/);
  expect(() => readOptions(['--fast'])).toThrow(/--quick/);
});
