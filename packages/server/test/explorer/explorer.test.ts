import { describe, expect, it } from 'vitest';
import type { Rules } from './attempts.ts';
import { explore } from './explore.ts';
import type { Bug } from './store-model.ts';

const SAME = ['same', 'same', 'same'];
const OTHER = ['same', 'same', 'other'];
const transactional: Rules = { mode: 'transactional', locks: true, isTimed: false };
const leased: Rules = { mode: 'leased', locks: true, isTimed: false };

describe('every interleaving of three attempts, with crashes, time, an abandon and a purge', () => {
  it.each<[string, Rules, readonly string[]]>([
    ['transactional', transactional, SAME],
    ['transactional, another request among them', transactional, OTHER],
    ['transactional, where locks do nothing', { ...transactional, locks: false }, SAME],
    ['transactional, another request, where locks do nothing', { ...transactional, locks: false }, OTHER],
    ['transactional, a key that bears its time', { ...transactional, isTimed: true }, SAME],
    ['leased', leased, SAME],
    ['leased, another request among them', leased, OTHER],
    ['leased, a key that bears its time', { ...leased, isTimed: true }, SAME],
  ])('%s: holds', (name, rules, fingerprints) => {
    const { states, violation } = explore(fingerprints, rules);
    console.log(`${name}: ${states} states`);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(300);
  });
});

describe('what would be seen if it were broken', () => {
  it.each<[Bug, Rules, string]>([
    ['check then insert', { ...transactional, locks: false }, 'two effects of one key'],
    ['no fence', leased, 'a late end overwrote the new owner’s'],
    ['takeover of the living', leased, 'a live owner was overtaken'],
    ['purge of the living', leased, 'a live owner’s record is gone'],
    ['late failure deletes', leased, 'gone'],
    ['abandon overwrites', transactional, 'what was settled has changed'],
  ])('%s', (bug, rules, what) => {
    const { violation } = explore(SAME, { ...rules, bug });
    expect(violation?.what).toMatch(what === 'gone' ? /gone|changed/ : what);
    expect(violation?.trace.length).toBeGreaterThan(1);
  });
});
