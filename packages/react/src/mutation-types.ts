import type { FailedOutcome, IntentPersistence, Outcome } from '@oncekey/client';
import type { UseMutationOptions, UseMutationResult } from '@tanstack/react-query';
import type { IntentKind } from './intent-kind.ts';

/** TanStack's options without what the hook sets itself. */
export type IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult> = Omit<
  UseMutationOptions<TOutput, TError, TInput, TOnMutateResult>,
  'mutationFn' | 'mutationKey'
> & {
  /** What is one intent. Default: `'submit'`. */
  readonly intent?: IntentKind;
  /**
   * What an input is about: two inputs about the same are an edit, and two about different things never meet. Name the
   * row in a list whose rows share one hook, and the message in a chat. Default: all of this hook's are about the same.
   */
  readonly subject?: (input: TInput) => string;
  /**
   * Where open intents are kept, such as `persistIntents({ area: 'local', transformer: superjson })`: a reload or a closed
   * tab in the middle of a request comes back as the same intent, and settles it. Make it once, outside of components. Default: in memory.
   */
  readonly persist?: IntentPersistence;
  /** How long after a success the same submit still joins it, in ms; 0: never. Default: 1000. */
  readonly joinWindowMs?: number;
  /** tRPC's own request options: a context for the links, as in `{ context: { skipBatch: true } }`. */
  readonly trpc?: { readonly context?: Record<string, unknown> };
};

/** What `mutation.idempotency` tells of the intent that is shown. */
export interface MutationIdempotency {
  readonly key: string | undefined;
  /** The answer came from the record: it was the first answer again, and the handler did not run for this request. */
  readonly replayed: boolean | undefined;
  /** The run that made the answer. */
  readonly executionId: string | undefined;
  /** How often the request was sent by TanStack Query; what `retryLink` repeats below is not seen here. */
  readonly attempts: number;
  /**
   * The person had edited what they meant while nobody knew whether it had happened. It had: this is its answer, and the
   * edited input was not sent.
   */
  readonly isHandedOver: boolean;
  /** `'succeeded'` also where an `onSuccess` of the app's failed after it. Of several attempts, the last one's. */
  readonly outcome: 'pending' | 'succeeded' | FailedOutcome | undefined;
}

/** TanStack's result, in which an error whose outcome nobody knows has a status of its own. */
type WithUnknown<TResult> = TResult extends { readonly status: 'error' }
  ? Omit<TResult, 'status'> & { readonly status: 'error' | 'unknown' }
  : TResult;

/** What can be done about an intent. */
export interface IntentActions<TOutput> {
  readonly idempotency: MutationIdempotency;
  /** Whether it failed in a way that leaves open whether it happened. Then `status` is `'unknown'`, and `isError` too. */
  readonly isUnknown: boolean;
  /** Sends what was last submitted again, under its key: it runs, or the first answer comes. */
  readonly resend: () => Promise<TOutput>;
  /** Asks the server what became of what was last submitted. If it has ended, its answer is fetched and shown. */
  readonly check: () => Promise<Outcome>;
  /**
   * Gives up what was last submitted: afterwards it is certain that it never happens, and the hook is idle. If it had
   * happened, its answer is fetched and shown.
   */
  readonly cancel: () => Promise<Outcome>;
  /** Means a new intent with the next submit, whatever its input. */
  readonly renew: () => void;
}

export type IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> = WithUnknown<
  UseMutationResult<TOutput, TError, TInput, TOnMutateResult>
> &
  IntentActions<TOutput>;
