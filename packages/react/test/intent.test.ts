import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failed, IDLE, type Intent, submit, succeeded } from '../src/intent.ts';

const mint = (() => {
  let last = 0;
  return () => `key-${++last}`;
})();
const pending = submit(IDLE, 'a', 0, mint).intent as Intent & { key: string };

describe('an intent', () => {
  it('is joined by the same submit while it is pending', () => {
    expect(submit(pending, 'a', 10, mint)).toEqual({ do: 'join', key: pending.key, intent: pending });
  });

  it('is joined within the window after its success, and not at its end', () => {
    const settled = succeeded(pending, pending.key, 100, 1_000);
    expect(submit(settled, 'a', 1_099, mint).do).toBe('join');
    expect(submit(settled, 'a', 1_100, mint)).toMatchObject({ do: 'send' });
    expect(submit(settled, 'a', 1_100, mint).key).not.toBe(pending.key);
    expect(submit(succeeded(pending, pending.key, 100, 0), 'a', 100, mint).do).toBe('send');
  });

  it('is sent again under the same key after an unknown outcome', () => {
    const open = failed(pending, pending.key, { retry: 'same-key' });
    expect(submit(open, 'a', 10, mint)).toMatchObject({ do: 'send', key: pending.key });
    expect(submit(open, 'b', 10, mint).key).not.toBe(pending.key);
  });

  it.each(['never', 'new-key'] as const)('gives way to a new one after a refusal (%s)', (retry) => {
    const refused = failed(pending, pending.key, { retry });
    expect(submit(refused, 'a', 10, mint).key).not.toBe(pending.key);
  });

  it('gives way to a new one when the input changed, and is not touched by the old answer', () => {
    const next = submit(pending, 'b', 10, mint);
    expect(next.do).toBe('send');
    expect(next.key).not.toBe(pending.key);
    expect(succeeded(next.intent, pending.key, 20, 1_000)).toBe(next.intent);
    expect(failed(next.intent, pending.key, { retry: 'never' })).toBe(next.intent);
  });
});

describe('whatever a person and a network do', () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('submit' as const), content: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ type: fc.constant('succeed' as const), sent: fc.nat(20) }),
      fc.record({
        type: fc.constant('fail' as const),
        sent: fc.nat(20),
        retry: fc.constantFrom('same-key' as const, 'new-key' as const, 'never' as const),
      }),
      fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
    ),
    { maxLength: 60 },
  );

  it('no key ever names two inputs, nothing pending is sent twice, and no success is sent again within the window', () => {
    fc.assert(
      fc.property(events, (history) => {
        let intent: Intent = IDLE;
        let now = 0;
        let keys = 0;
        const sent: { key: string; content: string; state: 'pending' | 'done'; at?: number }[] = [];
        for (const event of history) {
          if (event.type === 'wait') now += event.ms;
          if (event.type === 'submit') {
            const before = intent;
            const submission = submit(intent, event.content, now, () => `key-${++keys}`);
            intent = submission.intent;
            const latest = sent.at(-1);
            if (submission.do === 'join') {
              expect(latest).toMatchObject({ key: submission.key, content: event.content });
            } else {
              const same = sent.filter(({ key }) => key === submission.key);
              expect(same.every(({ content, state }) => content === event.content && state === 'done')).toBe(true);
              if (latest?.content === event.content && before.state === 'pending') throw new Error('sent twice');
              if (latest?.content === event.content && before.state === 'settled')
                expect(now).toBeGreaterThanOrEqual(before.joinUntil);
              sent.push({ key: submission.key, content: event.content, state: 'pending' });
            }
          }
          if (event.type === 'succeed' || event.type === 'fail') {
            const one = sent[event.sent % Math.max(1, sent.length)];
            if (one?.state !== 'pending') continue;
            one.state = 'done';
            intent =
              event.type === 'succeed'
                ? succeeded(intent, one.key, now, 1_000)
                : failed(intent, one.key, { retry: event.retry });
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
