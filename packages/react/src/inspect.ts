/** For tools that look at the intents of a page from outside, such as `@oncekey/devtools`. */
import { type FailedOutcome, type KeyedAnswer, retryAdvice } from '@oncekey/client';
import type { Mutation } from '@tanstack/react-query';
import { type IntentHandles, type KeyedVariables, logs } from './keyed-variables.ts';

export type { IntentHandles } from './keyed-variables.ts';

/** One intent, as it is now. */
export interface InspectedIntent {
  /** The operation's name for TanStack. */
  readonly mutationKey: readonly unknown[];
  readonly key: string;
  readonly input: unknown;
  /** `'waiting'`: for the network, or for its turn. */
  readonly state: 'waiting' | 'pending' | 'succeeded' | FailedOutcome;
  readonly answer: KeyedAnswer | undefined;
  readonly isHandedOver: boolean;
  readonly attempts: number;
  /** What can be done about it; `undefined` before its first attempt. */
  readonly handles: IntentHandles | undefined;
}

/** What a mutation of TanStack's cache is as an intent, or `undefined` if no hook of ours has sent it. */
export function inspectMutation({ state, options }: Mutation): InspectedIntent | undefined {
  const variables = state.variables as KeyedVariables<unknown> | undefined;
  const log = typeof variables === 'object' && variables !== null ? logs.get(variables) : undefined;
  if (!variables || !log) return undefined;
  return {
    mutationKey: options.mutationKey ?? [],
    key: variables.key,
    input: variables.input,
    state: stateOf(state, log.answer !== undefined),
    answer: log.answer,
    isHandedOver: log.isHandedOver ?? false,
    attempts: log.attempts,
    handles: log.handles,
  };
}

function stateOf({ status, isPaused, error }: Mutation['state'], isAnswered: boolean): InspectedIntent['state'] {
  if (status === 'success') return 'succeeded';
  // Answered, and a callback of the app's failed after it.
  if (status === 'error') return isAnswered ? 'succeeded' : retryAdvice(error).outcome;
  return isPaused ? 'waiting' : 'pending';
}
