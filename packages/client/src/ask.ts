import type { Answer } from '@oncekey/core';

/** What came back for a mutation that was sent under a key. */
export interface KeyedAnswer extends Pick<Answer, 'replayed' | 'waited'> {
  readonly key: string;
  /** The run that made the answer; `undefined` where the key went by header. */
  readonly executionId: string | undefined;
}

/** What a caller asks of the link. */
export interface Ask {
  /** A key of the caller's own; without it the link mints one a call. */
  readonly key?: string | undefined;
  /** Told once for each answered call. */
  readonly onAnswer?: ((answer: KeyedAnswer) => void) | undefined;
  /**
   * Sends nothing but the question what became of the key, or the order to give it up: to the procedures that the app has
   * mounted with `idempotency.outcomes`. The call's answer is an {@link Outcome} then.
   */
  readonly about?: 'outcome' | 'abandon' | undefined;
  /** Whoever asks sends it again by itself: `retryLink(retryKeyed)` leaves it alone. */
  readonly isRetried?: boolean | undefined;
  /** It was sent before under this key: the server looks first whether it has the answer. */
  readonly isRetry?: boolean | undefined;
}

/** What became of a key, as the server says. */
export interface Outcome {
  readonly state: 'unseen' | 'running' | 'interrupted' | 'succeeded' | 'failed' | 'abandoned' | 'expired';
  readonly operation?: string;
  readonly executionId?: string;
  /** When it was first used, ISO 8601. */
  readonly since?: string;
}

const CONTEXT_KEY = '~oncekey';

/**
 * The context of a call that is to happen once. The link mints one key a call and keeps it through `retryLink`, so this
 * object may be shared by any number of calls.
 *
 * @param ask a key of your own, where this call is a retry of one made before
 * @example await client.invoices.create.mutate(input, { context: idempotent() })
 */
export function idempotent(ask: string | Ask = {}): Record<string, unknown> {
  return { [CONTEXT_KEY]: typeof ask === 'string' ? { key: ask } : ask };
}

export function askOf(context: Readonly<Record<string, unknown>>): Ask | undefined {
  return context[CONTEXT_KEY] as Ask | undefined;
}
