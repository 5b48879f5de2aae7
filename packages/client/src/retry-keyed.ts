import { unwrapInput } from '@oncekey/core';
import { askOf } from './ask.ts';
import { isInHeader } from './idempotency-headers.ts';
import { retryAdvice, retryUnderSameKey } from './retry-advice.ts';

/** A call, as `retryLink` shows it. */
interface RetriedCall {
  readonly op: {
    readonly type: 'query' | 'mutation' | 'subscription';
    readonly input: unknown;
    readonly context: Readonly<Record<string, unknown>>;
  };
  readonly error: unknown;
  readonly attempts: number;
}

/**
 * `retryLink`'s options for an app with keys: up to three more times, where the same request may go out again by itself.
 *
 * - A mutation without a key is never repeated, nor one whose key would be another with each attempt.
 * - What a hook of `@oncekey/react` has sent is left to the hook, which repeats it: attempts do not multiply.
 *
 * @example links: [idempotencyLink(), retryLink(retryKeyed), httpBatchLink({ url })]
 */
export const retryKeyed: {
  readonly retry: (call: RetriedCall) => boolean;
  readonly retryDelayMs: (attempt: number) => number;
} = {
  retry({ op: { type, input, context }, error, attempts }) {
    const ask = askOf(context);
    if (ask?.isRetried) return false;
    const isSafe =
      type === 'mutation'
        ? ask?.key !== undefined || unwrapInput(input) !== undefined || isInHeader(context)
        : retryAdvice(error).retry === 'same-key';
    return isSafe && retryUnderSameKey(attempts - 1, error);
  },
  // tRPC does not say of which error, so the server's own delay is not known here.
  retryDelayMs: (attempt) => Math.min(1_000 * 2 ** (attempt - 1), 30_000) * (0.5 + Math.random() / 2),
};
