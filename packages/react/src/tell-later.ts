import type { MutateOptions, MutationFunctionContext } from '@tanstack/react-query';
import type { KeyedVariables } from './keyed-variables.ts';

/** One sent intent, for the submits that join it. */
export interface Run<TOutput, TInput, TOnMutateResult> {
  readonly variables: KeyedVariables<TInput>;
  readonly promise: Promise<TOutput>;
  /** What TanStack gives to callbacks only; set before the promise settles. */
  last?: readonly [result: TOnMutateResult | undefined, context: MutationFunctionContext];
}

/** TanStack tells the caller that sent; this tells one that joined the same, in the same order. */
export function tellLater<TOutput, TError, TInput, TOnMutateResult>(
  run: Run<TOutput, TInput, TOnMutateResult>,
  callbacks: MutateOptions<TOutput, TError, TInput, TOnMutateResult>,
  isWanted: () => boolean,
): void {
  const { input } = run.variables;
  run.promise.then(
    (output) => {
      if (!run.last || !isWanted()) return;
      const [result, context] = run.last;
      // TanStack's types have it that a success has its onMutate result.
      guarded(() => callbacks.onSuccess?.(output, input, result as TOnMutateResult, context));
      guarded(() => callbacks.onSettled?.(output, null, input, result, context));
    },
    (error: TError) => {
      if (!run.last || !isWanted()) return;
      const [result, context] = run.last;
      guarded(() => callbacks.onError?.(error, input, result, context));
      guarded(() => callbacks.onSettled?.(undefined, error, input, result, context));
    },
  );
}

/** One callback that throws must not silence the next; it is reported as TanStack reports it, unhandled. */
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    void Promise.reject(error);
  }
}
