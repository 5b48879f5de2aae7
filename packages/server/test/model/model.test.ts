import { describe, expect, it } from 'vitest';
import type { Mode } from './attempts.ts';
import { explore } from './explore.ts';
import type { Bug } from './store-model.ts';
import type { WorldRules } from './world.ts';

type Requests = readonly (readonly [Mode, fingerprint: string])[];

const threeOf = (mode: Mode): Requests => [
  [mode, 'same'],
  [mode, 'same'],
  [mode, 'same'],
];
const withAnother = (mode: Mode, another: Mode = mode): Requests => [
  [mode, 'same'],
  [mode, 'same'],
  [another, 'other'],
];

/** One abandon, and one retention that goes by; a retry is an attempt that comes again after any end of its first. */
const rules: WorldRules = {
  locks: true,
  isTimed: false,
  bugs: new Set(),
  ticksInTransactions: false,
  left: { retries: 0, abandons: 1, ticks: 1 },
};
const noLocks: WorldRules = { ...rules, locks: false };
const timed: WorldRules = { ...rules, isTimed: true, left: { ...rules.left, retries: 1 } };
const withRetry: WorldRules = { ...rules, left: { ...rules.left, retries: 1 } };

/** What has to have happened somewhere, lest the rest be true of nothing. */
const TRANSACTIONAL = [
  'finds the lock taken',
  'waits',
  'is overtaken',
  'commits unheard: succeeded',
  'commits: failed',
];
const LEASED = ['takes over', 'finds its lease lost', 'completes unheard: failed', 'has its late heartbeat heard'];
const MIXED = [...TRANSACTIONAL, 'completes: succeeded', 'gives its claim back', 'finds its lease lost'];
const BOTH = ['dies', 'is replayed', 'is refused: ABANDONED', 'it is abandoned', 'a purge deletes it'];
const UNLOCKED = TRANSACTIONAL.slice(1).filter((step) => step !== 'waits');

describe('every interleaving of three attempts, with crashes, lost answers, time, an abandon and purges', () => {
  it.each<[name: string, Requests, WorldRules, atLeast: number, steps: readonly string[]]>([
    ['transactional, and a retry', threeOf('transactional'), withRetry, 50_000, TRANSACTIONAL],
    [
      'transactional, another request among them',
      withAnother('transactional'),
      rules,
      40_000,
      [...TRANSACTIONAL, 'is refused: KEY_REUSED'],
    ],
    ['transactional, where locks do nothing', threeOf('transactional'), noLocks, 15_000, UNLOCKED],
    [
      'transactional, another request, where locks do nothing',
      withAnother('transactional'),
      noLocks,
      40_000,
      [...UNLOCKED, 'is refused: KEY_REUSED'],
    ],
    [
      'transactional, a key that bears its time',
      threeOf('transactional'),
      timed,
      5_000,
      [...TRANSACTIONAL, 'is refused: KEY_EXPIRED'],
    ],
    [
      'transactional, a key that bears its time, where locks do nothing',
      threeOf('transactional'),
      { ...timed, locks: false },
      5_000,
      [...UNLOCKED, 'is refused: KEY_EXPIRED'],
    ],
    ['leased, and a retry', threeOf('leased'), withRetry, 20_000, LEASED],
    [
      'leased, another request among them',
      withAnother('leased'),
      withRetry,
      20_000,
      [...LEASED, 'is refused: KEY_REUSED'],
    ],
    ['leased, a key that bears its time', threeOf('leased'), timed, 5_000, [...LEASED, 'is refused: KEY_EXPIRED']],
    [
      'a mutation that becomes leased while it runs transactional',
      [
        ['transactional', 'same'],
        ['transactional', 'same'],
        ['leased', 'same'],
      ],
      rules,
      40_000,
      MIXED,
    ],
    [
      'a key that a transactional and a leased mutation are both sent',
      withAnother('transactional', 'leased'),
      rules,
      40_000,
      [...MIXED, 'is refused: KEY_REUSED'],
    ],
  ])('%s: holds', (name, requests, variant, atLeast, expected) => {
    const { states, steps, violations } = explore(requests, variant);
    console.log(`${name}: ${states.toLocaleString('en')} states`);
    expect(violations).toEqual(new Map());
    expect([...steps]).toEqual(expect.arrayContaining([...BOTH, ...expected]));
    expect(states).toBeGreaterThan(atLeast);
  });
});

describe('what is seen where the store is broken', () => {
  const two = (mode: Mode) => threeOf(mode).slice(1);
  it.each<[bugs: readonly Bug[], mode: Mode, WorldRules, violations: readonly string[]]>([
    [['check then insert'], 'transactional', noLocks, ['two effects of one key', 'two answers to one key']],
    [['check then insert'], 'transactional', rules, ['an effect of what was abandoned']],
    [
      ['effect outside of the transaction'],
      'transactional',
      rules,
      ['an effect without its record', 'a record without its effect'],
    ],
    [['no fence'], 'leased', rules, ['a late end has changed the record', 'what was ended has changed']],
    [['takeover of the living'], 'leased', rules, ['a live owner was overtaken']],
    [
      ['takeover of the living', 'no fence'],
      'leased',
      rules,
      ['a live owner was overtaken', 'a late end has changed the record', 'two answers to one key'],
    ],
    [['purge of the living'], 'leased', rules, ['a live owner’s record is gone', 'what was ended has changed']],
    [['purge of the living'], 'transactional', rules, ['two effects of one key', 'two answers to one key']],
    [['late failure deletes'], 'leased', rules, ['a late end has changed the record', 'what was ended has changed']],
    [['abandon overwrites'], 'transactional', rules, ['what was ended has changed', 'an effect without its record']],
    [['abandon overwrites'], 'leased', rules, ['what was ended has changed', 'a live owner was overtaken']],
  ])('%j, %s', (bugs, mode, variant, expected) => {
    const { violations } = explore(two(mode), { ...variant, bugs: new Set(bugs) });
    expect([...violations.keys()]).toEqual(expect.arrayContaining([...expected]));
    for (const way of violations.values()) expect(way.length).toBeGreaterThan(1);
  });
});

describe('what the store rests on', () => {
  // The look-up found nothing, and all that happens until the commit is purged before it. Were the look-up's clock that
  // of BEGIN, the same would be seen without this.
  it.each([
    [true, ['an effect of what was abandoned']],
    [false, ['an effect of what was abandoned', 'two answers to one key', 'two effects of one key']],
  ])('a key that bears its time: that no handler runs for longer than a retention (locks: %s)', (locks, expected) => {
    const variant = { ...timed, locks, ticksInTransactions: true };
    const { violations } = explore(threeOf('transactional').slice(1), variant);
    expect([...violations.keys()].sort()).toEqual(expected);
    for (const way of violations.values()) {
      expect(way).toEqual(expect.arrayContaining(['- a retention goes by', '- a purge deletes it']));
    }
  });
});
