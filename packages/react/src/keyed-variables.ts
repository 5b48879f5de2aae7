import type { KeyedAnswer, Outcome } from '@oncekey/client';

/**
 * A mutation's variables: the one place that outlives retries, re-renders, a pause and a stored cache, so the key lives
 * here.
 */
export interface KeyedVariables<TInput> {
  readonly input: TInput;
  /** May change before anything was done under it, and not after. */
  key: string;
  /** Whether the key is to be made from the input, which takes a moment. */
  readonly isOfContent?: boolean;
  /** Whether it was ever sent: then it may have been used. */
  isSent?: boolean;
  /** Edited before it was sent: it never will be. */
  isDropped?: boolean;
  /** What was meant before it was edited, and may have happened. Shrinks as that is found out. */
  supersedes?: KeyedVariables<TInput>[];
}

/** What can be done about one intent, by whoever looks at it from outside. */
export interface IntentHandles {
  readonly resend: () => Promise<unknown>;
  readonly check: () => Promise<Outcome>;
  readonly cancel: () => Promise<Outcome>;
}

export interface Log {
  attempts: number;
  answer?: KeyedAnswer;
  /** The answer is that of what was meant before the edit, which had gone through after all. */
  isHandedOver?: boolean;
  /** From the first attempt on. */
  handles?: IntentHandles;
}

/** What happened to a sent intent, beside its variables: read while rendering, written before TanStack renders. */
export const logs = new WeakMap<object, Log>();

export function logOf(variables: KeyedVariables<unknown>): Log {
  const log = logs.get(variables) ?? { attempts: 0 };
  logs.set(variables, log);
  return log;
}
