import type { KeyedAnswer } from '@oncekey/client';

/**
 * A mutation's variables: the one place that outlives retries, re-renders, a pause and a stored cache, so the key lives
 * here.
 */
export interface KeyedVariables<TInput> {
  readonly input: TInput;
  readonly key: string;
}

interface Log {
  attempts: number;
  answer?: KeyedAnswer;
}

/** What happened to a sent intent, beside its variables: read while rendering, written before TanStack renders. */
const logs = new WeakMap<object, Log>();

export function logOf(variables: KeyedVariables<unknown>): Log {
  const log = logs.get(variables) ?? { attempts: 0 };
  logs.set(variables, log);
  return log;
}
