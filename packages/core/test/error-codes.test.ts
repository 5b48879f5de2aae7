import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ERRORS, type ErrorCode, isOncekeyError, OncekeyError, oncekeyErrorData } from '../src/error-codes.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the error table', () => {
  it('is that of the design', () => {
    expect(ERRORS).toEqual({
      KEY_REQUIRED: { trpc: 'BAD_REQUEST', retry: 'never' },
      KEY_INVALID: { trpc: 'BAD_REQUEST', retry: 'never' },
      NOT_IDEMPOTENT: { trpc: 'BAD_REQUEST', retry: 'never' },
      KEY_REUSED: { trpc: 'UNPROCESSABLE_CONTENT', retry: 'new-key' },
      IN_PROGRESS: { trpc: 'CONFLICT', retry: 'same-key' },
      DUPLICATE: { trpc: 'CONFLICT', retry: 'never' },
      KEY_EXPIRED: { trpc: 'PRECONDITION_FAILED', retry: 'new-key' },
      ABANDONED: { trpc: 'PRECONDITION_FAILED', retry: 'new-key' },
      LEASE_LOST: { trpc: 'CONFLICT', retry: 'same-key' },
      STORE_UNAVAILABLE: { trpc: 'SERVICE_UNAVAILABLE', retry: 'same-key' },
      RESULT_UNSTORABLE: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
      RESULT_UNREADABLE: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
      MISCONFIGURED: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
    });
  });

  it.each(codes)('has advice for %s, and its errors bring it along', (code) => {
    expect(['same-key', 'new-key', 'never']).toContain(ERRORS[code].retry);
    expect(new OncekeyError(code, 'no').data).toStrictEqual({ code, retry: ERRORS[code].retry });
  });
});

describe('OncekeyError', () => {
  it('is an Error with a name, a message, its data and its cause', () => {
    const cause = new Error('down');
    const error = new OncekeyError('IN_PROGRESS', 'still running', { retryAfterMs: 250, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'OncekeyError', message: 'still running', cause });
    expect(error.data).toStrictEqual({ code: 'IN_PROGRESS', retry: 'same-key', retryAfterMs: 250 });
  });

  it('does not send its cause over the wire, and has none where none was given', () => {
    expect(JSON.stringify(new OncekeyError('KEY_INVALID', 'no', { cause: 'secret' }).data)).not.toContain('secret');
    expect('cause' in new OncekeyError('KEY_INVALID', 'no')).toBe(false);
  });
});

describe('isOncekeyError', () => {
  afterEach(() => {
    vi.resetModules();
  });

  const error = new OncekeyError('IN_PROGRESS', 'still running', { retryAfterMs: 5 });
  const data = { code: 'IN_PROGRESS', retry: 'same-key', retryAfterMs: 5 };

  it.each<[string, unknown]>([
    ['thrown here', error],
    ['wrapped as a cause, as TRPCError does', new Error('wrapped', { cause: error })],
    [
      'in the data of a TRPCClientError',
      Object.assign(new Error('client'), { data: { httpStatus: 409, oncekey: data } }),
    ],
    ['in the shape that came over the wire', JSON.parse(JSON.stringify({ data: { oncekey: data } }))],
  ])('knows an error %s, and its code', (_, seen) => {
    expect(oncekeyErrorData(seen)).toEqual(data);
    expect(isOncekeyError(seen)).toBe(true);
    for (const code of codes) expect(isOncekeyError(seen, code)).toBe(code === 'IN_PROGRESS');
  });

  it.each<[string, unknown]>([
    ['of the same name', Object.assign(new Error('mine'), { name: 'OncekeyError' })],
    ['of the same name and with the same data', Object.assign(new Error('mine'), { name: 'OncekeyError', data })],
    ['of a class of the same name', new (class OncekeyError extends Error {})('mine')],
    ['with a code of the same name', Object.assign(new Error('mine'), { code: 'IN_PROGRESS' })],
    ['with a tRPC code that oncekey uses too', Object.assign(new Error('mine'), { data: { code: 'CONFLICT' } })],
    [
      'with a cause of its own',
      new Error('mine', { cause: Object.assign(new Error(), { name: 'OncekeyError', data }) }),
    ],
    ['caused by the refusal of another server', new Error('mine', { cause: { data: { oncekey: data } } })],
    ['with an unknown code', { data: { oncekey: { code: 'SOMETHING', retry: 'never' } } }],
    ['with a code in lower case', { data: { oncekey: { code: 'in_progress', retry: 'never' } } }],
    ['with a code that is no text', { data: { oncekey: { code: ['IN_PROGRESS'], retry: 'never' } } }],
    ['with no code', { data: { oncekey: {} } }],
    ['with nothing in it', { data: { oncekey: null } }],
    ['with null data', { data: null }],
    ['that is a text', 'IN_PROGRESS'],
    ['that is null', null],
    ['that is undefined', undefined],
  ])('does not take the app’s own error for one: %s', (_, mine) => {
    expect(oncekeyErrorData(mine)).toBeUndefined();
    expect(isOncekeyError(mine)).toBe(false);
    expect(isOncekeyError(mine, 'IN_PROGRESS')).toBe(false);
  });

  it.each(Object.getOwnPropertyNames(Object.prototype))('does not take the inherited name %s for a code', (code) => {
    expect(isOncekeyError({ data: { oncekey: { code, retry: 'never' } } })).toBe(false);
  });

  it('never throws, and takes nothing else for one', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (one, other) => {
        expect(isOncekeyError(one)).toBe(false);
        expect(isOncekeyError({ data: one, cause: other })).toBe(false);
        expect(isOncekeyError({ data: { oncekey: one } })).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('knows the errors of another copy of the package, in both directions', async () => {
    vi.resetModules();
    const copy = await import('../src/error-codes.ts');
    expect(copy.OncekeyError).not.toBe(OncekeyError);
    const theirs = new copy.OncekeyError('KEY_REUSED', 'used');
    expect(theirs).not.toBeInstanceOf(OncekeyError);
    expect(isOncekeyError(theirs, 'KEY_REUSED')).toBe(true);
    expect(isOncekeyError(new Error('wrapped', { cause: theirs }), 'KEY_REUSED')).toBe(true);
    expect(copy.isOncekeyError(error, 'IN_PROGRESS')).toBe(true);
  });
});
