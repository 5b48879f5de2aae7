import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptFailed, failed, type Intents, NO_INTENTS, submit, succeeded } from '../src/intent.ts';

const mint = (() => {
  let last = 0;
  return () => `key-${++last}`;
})();
const of = (content: string, subject = content) => ({ content, subject });
const LOST = { retry: 'same-key', outcome: 'unknown' } as const;
const BROKEN = { retry: 'same-key', outcome: 'failed' } as const;
const REFUSED = { retry: 'never', outcome: 'refused' } as const;
const SPENT = { retry: 'new-key', outcome: 'refused' } as const;
const { key, intents: pending } = submit(NO_INTENTS, of('a'), 0, mint);

describe('an intent', () => {
  it('is joined by the same submit while it is pending', () => {
    expect(submit(pending, of('a'), 10, mint)).toEqual({ do: 'join', key, intents: pending, supersedes: [] });
  });

  it('is joined within the window after its success, and not at its end', () => {
    const settled = succeeded(pending, key, 100, 1_000);
    expect(submit(settled, of('a'), 1_099, mint)).toMatchObject({ do: 'join', key });
    expect(submit(settled, of('a'), 1_100, mint).do).toBe('send');
    expect(submit(settled, of('a'), 1_100, mint).key).not.toBe(key);
    expect(submit(succeeded(pending, key, 100, 0), of('a'), 100, mint).do).toBe('send');
  });

  it.each([LOST, BROKEN])('is sent again under the same key when it may still be answered ($outcome)', (advice) => {
    expect(submit(failed(pending, key, advice), of('a'), 10, mint)).toMatchObject({ do: 'send', key });
  });

  it.each([REFUSED, SPENT])('gives way to a new one after a refusal ($retry)', (advice) => {
    const next = submit(failed(pending, key, advice), of('a'), 10, mint);
    expect(next.do).toBe('send');
    expect(next.key).not.toBe(key);
  });

  it('keeps its key where it happened, though sending it again changes nothing', () => {
    expect(submit(failed(pending, key, { retry: 'never', outcome: 'unknown' }), of('a'), 10, mint).key).toBe(key);
  });

  it('in doubt outlives one refusal, and not two', () => {
    const once = failed(attemptFailed(pending, key, LOST), key, REFUSED);
    const again = submit(once, of('a'), 10, mint);
    expect(again).toMatchObject({ do: 'send', key });
    expect(submit(failed(again.intents, key, REFUSED), of('a'), 20, mint).key).not.toBe(key);
    const afterLost = submit(failed(pending, key, LOST), of('a'), 10, mint);
    expect(submit(failed(afterLost.intents, key, REFUSED), of('a'), 20, mint).key).toBe(key);
  });

  it('in doubt is given up where the server says that its key is spent', () => {
    expect(submit(failed(attemptFailed(pending, key, LOST), key, SPENT), of('a'), 10, mint).key).not.toBe(key);
  });

  it('that waits for the network is given up by an edit of it, and by nothing else', () => {
    const isHeldBack = (each: string) => each === key;
    const about = submit(NO_INTENTS, of('a', 's'), 0, () => key).intents;
    expect(submit(about, of('b', 's'), 10, mint, isHeldBack).supersedes).toEqual([key]);
    expect(submit(about, of('b', 's'), 10, mint).supersedes).toEqual([]);
    expect(submit(about, of('b', 'other'), 10, mint, isHeldBack).supersedes).toEqual([]);
    expect(submit(about, of('a', 's'), 10, mint, isHeldBack)).toMatchObject({ do: 'join', supersedes: [] });
  });

  it('is pending while another attempt follows by itself', () => {
    expect(submit(attemptFailed(pending, key, LOST), of('a'), 10, mint)).toMatchObject({ do: 'join', key });
  });
});

describe('intents of different inputs', () => {
  const both = submit(pending, of('b'), 10, mint);

  it('have keys of their own, also at the same time', () => {
    expect(both.do).toBe('send');
    expect(both.key).not.toBe(key);
  });

  it('are each joined while pending, in any order', () => {
    expect(submit(both.intents, of('a'), 20, mint)).toMatchObject({ do: 'join', key });
    expect(submit(both.intents, of('b'), 20, mint)).toMatchObject({ do: 'join', key: both.key });
  });

  it('settle apart', () => {
    const settled = succeeded(failed(both.intents, key, LOST), both.key, 20, 1_000);
    expect(submit(settled, of('a'), 30, mint)).toMatchObject({ do: 'send', key });
    expect(submit(settled, of('b'), 30, mint)).toMatchObject({ do: 'join', key: both.key });
  });

  it('are forgotten once they are over', () => {
    const settled = succeeded(both.intents, both.key, 20, 1_000);
    expect([...submit(failed(settled, key, REFUSED), of('c'), 5_000, mint).intents.keys()]).toEqual(['c']);
  });

  it('that were forgotten are not brought back by their answer', () => {
    expect(succeeded(NO_INTENTS, key, 20, 1_000)).toBe(NO_INTENTS);
    expect(failed(NO_INTENTS, key, LOST)).toBe(NO_INTENTS);
    expect(attemptFailed(NO_INTENTS, key, LOST)).toBe(NO_INTENTS);
  });
});

describe('whatever a person and a network do', () => {
  const WINDOW_MS = 1_000;
  const content = fc.constantFrom('a', 'b', 'c');
  const advice = fc.constantFrom(LOST, BROKEN, REFUSED, SPENT);
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('submit' as const), content }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('succeed' as const), content }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('attempt' as const), content, advice }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('fail' as const), content, advice }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  );

  /** What one input has been through, told without the machine: every attempt under its last key. */
  interface Story {
    key: string;
    state: 'pending' | 'failed' | 'succeeded';
    at: number;
    /** For each send under the key, how its attempts ended. */
    sends: (typeof LOST | typeof BROKEN | typeof REFUSED | typeof SPENT)[][];
  }

  it('no key names two inputs, nothing pending is sent again, and no key that may have had its effect is replaced', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (history) => {
        let intents: Intents = NO_INTENTS;
        let now = 0;
        let keys = 0;
        const stories = new Map<string, Story>();
        const owners = new Map<string, string>();
        for (const step of history) {
          if (step.type === 'wait') {
            now += step.ms;
            continue;
          }
          const story = stories.get(step.content);
          if (step.type === 'submit') {
            const result = submit(intents, of(step.content), now, () => `key-${++keys}`);
            intents = result.intents;
            const isJoin =
              story?.state === 'pending' || (story?.state === 'succeeded' && now - story.at < WINDOW_MS) || false;
            expect(result.do).toBe(isJoin ? 'join' : 'send');
            if (isJoin) expect(result.key).toBe(story?.key);
            if (result.do === 'join') continue;
            expect(owners.get(result.key) ?? step.content).toBe(step.content);
            owners.set(result.key, step.content);
            if (story) expect(result.key === story.key, JSON.stringify(story)).toBe(isKept(story));
            const isSame = story?.key === result.key;
            stories.set(step.content, {
              key: result.key,
              state: 'pending',
              at: now,
              sends: isSame ? [...story.sends, []] : [[]],
            });
          } else if (story?.state === 'pending') {
            if (step.type === 'succeed') {
              intents = succeeded(intents, story.key, now, WINDOW_MS);
              stories.set(step.content, { ...story, state: 'succeeded', at: now });
              continue;
            }
            intents = attemptFailed(intents, story.key, step.advice);
            story.sends.at(-1)?.push(step.advice);
            if (step.type === 'fail') {
              intents = failed(intents, story.key, step.advice);
              story.state = 'failed';
            }
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  /** Whether the next send must go out under the same key. */
  function isKept({ state, sends }: Story): boolean {
    if (state === 'succeeded') return false;
    const last = sends.at(-1)?.at(-1);
    if (last === SPENT) return false;
    if (last !== REFUSED) return true;
    // Refused. An attempt without an answer counts, unless a send that ended refused has come after its own.
    const isRefused = sends.map((attempts) => attempts.at(-1) === REFUSED);
    const since = isRefused.slice(0, -1).lastIndexOf(true);
    return sends.slice(since + 1).some((attempts) => attempts.includes(LOST));
  }
});
