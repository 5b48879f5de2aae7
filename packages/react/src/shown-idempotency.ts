import { retryAdvice } from '@oncekey/client';
import { type KeyedVariables, logOf } from './keyed-variables.ts';
import type { MutationIdempotency } from './mutation-types.ts';

/** What is shown of the intent that TanStack shows. */
export function shownIdempotency<TInput>(mutation: {
  readonly status: 'idle' | 'pending' | 'success' | 'error';
  readonly error: unknown;
  readonly variables: KeyedVariables<TInput> | undefined;
}): MutationIdempotency {
  const log = mutation.variables && logOf(mutation.variables);
  return {
    key: mutation.variables?.key,
    replayed: log?.answer?.replayed,
    executionId: log?.answer?.executionId,
    attempts: log?.attempts ?? 0,
    isHandedOver: log?.isHandedOver ?? false,
    outcome: mutation.status === 'error' && log?.answer ? 'succeeded' : outcomeOf(mutation.status, mutation.error),
  };
}

function outcomeOf(status: 'idle' | 'pending' | 'success' | 'error', error: unknown): MutationIdempotency['outcome'] {
  switch (status) {
    case 'idle':
      return undefined;
    case 'pending':
      return 'pending';
    case 'success':
      return 'succeeded';
    case 'error':
      return retryAdvice(error).outcome;
  }
}
