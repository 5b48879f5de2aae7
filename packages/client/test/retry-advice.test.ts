import { ERRORS, OncekeyError } from '@oncekey/core';
import { TRPCClientError } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { retryAdvice, retryDelay, retryUnderSameKey } from '../src/index.ts';

const answered = (httpStatus: number, oncekey?: object) =>
  TRPCClientError.from({ error: { message: 'm', code: -32000, data: { code: 'X', httpStatus, oncekey } } });

describe('retryAdvice', () => {
  it('takes the word of every refusal of oncekey’s', () => {
    for (const [code, { retry }] of Object.entries(ERRORS)) {
      const advice = retryAdvice(answered(400, { code, retry }));
      expect(advice).toMatchObject({ retry, automatic: retry === 'same-key' });
    }
    expect(retryAdvice(answered(409, { code: 'IN_PROGRESS', retry: 'same-key', retryAfterMs: 700 })).afterMs).toBe(700);
    expect(retryAdvice(TRPCClientError.from(new OncekeyError('KEY_INVALID', 'm'))).retry).toBe('never');
  });

  it('does not take for a refusal what may have happened', () => {
    for (const code of ['RESULT_UNREADABLE', 'MISCONFIGURED'] as const) {
      const advice = { retry: 'never', outcome: 'unknown', automatic: false };
      expect(retryAdvice(answered(500, { code, retry: 'never' }))).toEqual(advice);
      expect(retryAdvice(TRPCClientError.from(new OncekeyError(code, 'm')))).toEqual(advice);
    }
    expect(retryAdvice(answered(500, { code: 'RESULT_UNSTORABLE', retry: 'never' })).outcome).toBe('failed');
    expect(retryAdvice(answered(409, { code: 'DUPLICATE', retry: 'never' })).outcome).toBe('refused');
  });

  it.each([
    [
      'no answer',
      TRPCClientError.from(new TypeError('fetch failed')),
      { retry: 'same-key', outcome: 'unknown', automatic: true },
    ],
    [
      'a gateway’s page instead of an answer',
      new SyntaxError('<html>'),
      { retry: 'same-key', outcome: 'unknown', automatic: true },
    ],
    [
      'a call that its caller gave up',
      TRPCClientError.from(new DOMException('m', 'AbortError')),
      { retry: 'same-key', outcome: 'unknown', automatic: false },
    ],
    [
      'a call that took too long',
      TRPCClientError.from(new DOMException('m', 'TimeoutError')),
      { retry: 'same-key', outcome: 'unknown', automatic: true },
    ],
    [
      'an answer whose formatter left the status out',
      TRPCClientError.from({ error: { message: 'm', code: -32600, data: { field: 'amount' } } } as never),
      { retry: 'same-key', outcome: 'failed', automatic: false },
    ],
    [
      'an answer whose formatter left all data out',
      TRPCClientError.from({ error: { message: 'm', code: -32600 } } as never),
      { retry: 'same-key', outcome: 'failed', automatic: false },
    ],
    [
      'another client’s 422',
      Object.assign(new Error('m'), { status: 422 }),
      { retry: 'never', outcome: 'refused', automatic: false },
    ],
    [
      'another client’s 500',
      Object.assign(new Error('m'), { response: { status: 500 } }),
      { retry: 'same-key', outcome: 'failed', automatic: false },
    ],
    ['400', answered(400), { retry: 'never', outcome: 'refused', automatic: false }],
    ['401', answered(401), { retry: 'never', outcome: 'refused', automatic: false }],
    ['the app’s own 409', answered(409), { retry: 'never', outcome: 'refused', automatic: false }],
    ['429', answered(429), { retry: 'same-key', outcome: 'failed', automatic: true }],
    ['500', answered(500), { retry: 'same-key', outcome: 'failed', automatic: false }],
    ['503', answered(503), { retry: 'same-key', outcome: 'failed', automatic: true }],
    ['nothing at all', undefined, { retry: 'same-key', outcome: 'unknown', automatic: true }],
  ])('%s', (_, error, advice) => {
    expect(retryAdvice(error)).toEqual(advice);
  });
});

describe('the retry policy', () => {
  it('ends: three times for what may still be answered, never for a refusal', () => {
    const lost = new TypeError('fetch failed');
    expect([0, 1, 2, 3].map((failures) => retryUnderSameKey(failures, lost))).toEqual([true, true, true, false]);
    expect(retryUnderSameKey(0, answered(400))).toBe(false);
  });

  it('waits longer each time, at most 30 s, and as long as the server says', () => {
    for (const [failures, most] of [
      [0, 1_000],
      [1, 2_000],
      [2, 4_000],
      [20, 30_000],
    ] as const) {
      const delay = retryDelay(failures, new TypeError('fetch failed'));
      expect(delay).toBeGreaterThanOrEqual(most / 2);
      expect(delay).toBeLessThanOrEqual(most);
    }
    expect(retryDelay(0, answered(409, { code: 'IN_PROGRESS', retry: 'same-key', retryAfterMs: 123 }))).toBe(123);
  });
});
