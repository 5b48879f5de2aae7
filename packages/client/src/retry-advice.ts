import { type OncekeyErrorData, oncekeyErrorData, type Retry } from '@oncekey/core';

/** What became of a request that failed. */
export type FailedOutcome =
  /** Nobody knows: no answer came, or it is still running. It may have happened. */
  | 'unknown'
  /** The server said no, and will say so again. */
  | 'refused'
  /** The server failed. Nothing was remembered, so the same request may be sent again. */
  | 'failed';

export interface RetryAdvice {
  /** Under which key the same request is sent again, if at all. */
  readonly retry: Retry;
  readonly outcome: FailedOutcome;
  /** Worth doing without asking the person. */
  readonly automatic: boolean;
  /** The server's word on how long to wait, in ms. */
  readonly afterMs?: number;
}

/** Too early, or too much: the server asks to come again. */
const COME_AGAIN = new Set([408, 425, 429, 502, 503, 504]);
const MOST_RETRIES = 3;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/**
 * What to do after an error of a mutation that was sent under a key.
 *
 * - oncekey's own refusals bring their advice along.
 * - Without a server's answer in it (`data` is missing) the outcome is unknown: the same key finds out.
 * - An answer that does not show its status, as an `errorFormatter` may have it, is not sent again by itself.
 * - An answered 4xx is a refusal. An answered 5xx may be sent again under the same key: either nothing was stored and it
 *   runs, or it had happened and the first answer comes.
 */
export function retryAdvice(error: unknown): RetryAdvice {
  const oncekey = oncekeyErrorData(error);
  if (oncekey) {
    const { retry } = oncekey;
    const advice = { retry, outcome: outcomeOf(oncekey), automatic: retry === 'same-key' };
    return oncekey.retryAfterMs === undefined ? advice : { ...advice, afterMs: oncekey.retryAfterMs };
  }
  const status = statusOf(error);
  if (status === undefined) {
    return isAnswered(error)
      ? { retry: 'same-key', outcome: 'failed', automatic: false }
      : { retry: 'same-key', outcome: 'unknown', automatic: !isAbort(error) };
  }
  if (COME_AGAIN.has(status)) return { retry: 'same-key', outcome: 'failed', automatic: true };
  if (status >= 500) return { retry: 'same-key', outcome: 'failed', automatic: false };
  return { retry: 'never', outcome: 'refused', automatic: false };
}

/** TanStack Query's `retry`: up to three times, while the same key may still bring an answer. */
export function retryUnderSameKey(failures: number, error: unknown): boolean {
  return failures < MOST_RETRIES && retryAdvice(error).automatic;
}

/** TanStack Query's `retryDelay`, in ms: what the server said, else 1, 2, 4 s … 30 s, spread over its upper half. */
export function retryDelay(failures: number, error: unknown): number {
  const ceiling = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
  return retryAdvice(error).afterMs ?? ceiling * (0.5 + Math.random() / 2);
}

function outcomeOf({ code, retry }: OncekeyErrorData): FailedOutcome {
  switch (code) {
    case 'RESULT_UNREADABLE': // it did happen
    case 'MISCONFIGURED': // also said by the client, of an answer that came without a key's protection
      return 'unknown';
    case 'RESULT_UNSTORABLE':
      return 'failed';
    default:
      return retry === 'same-key' ? 'unknown' : 'refused';
  }
}

/** The HTTP status that tRPC puts into every answer of its own, on every transport; or where other clients put it. */
function statusOf(error: unknown): number | undefined {
  const places = [
    property(property(error, 'data'), 'httpStatus'),
    property(error, 'status'),
    property(property(error, 'response'), 'status'),
  ];
  return places.find((status) => typeof status === 'number');
}

/** tRPC's client keeps the error as the server sent it: there is none where no answer of tRPC's came. */
function isAnswered(error: unknown): boolean {
  return property(error, 'shape') !== undefined || property(error, 'data') !== undefined;
}

/** Whoever gave up does not want it sent again behind their back. */
function isAbort(error: unknown): boolean {
  return property(error, 'name') === 'AbortError' || property(property(error, 'cause'), 'name') === 'AbortError';
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
