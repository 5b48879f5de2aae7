import { type FailedOutcome, idempotent, retryAdvice, retryDelay, retryUnderSameKey } from '@oncekey/client';
import { createKey, OncekeyError } from '@oncekey/core';
import {
  type MutateOptions,
  type MutationFunctionContext,
  type UseMutationOptions,
  type UseMutationResult,
  useMutation,
} from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { contentOf } from './content.ts';
import { failed, IDLE, type Intent, submit, succeeded } from './intent.ts';
import { type KeyedVariables, logOf } from './keyed-variables.ts';

/** How long after a success the same submit still means the same intent, in ms. */
const JOIN_WINDOW_MS = 1_000;

/** TanStack's options without what the hook sets itself. */
export type IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult> = Omit<
  UseMutationOptions<TOutput, TError, TInput, TOnMutateResult>,
  'mutationFn' | 'mutationKey'
> & {
  /** How long after a success the same submit still joins it, in ms; 0: never. Default: 1000. */
  readonly joinWindowMs?: number;
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
  readonly outcome: 'pending' | 'succeeded' | FailedOutcome | undefined;
}

export type IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> = UseMutationResult<
  TOutput,
  TError,
  TInput,
  TOnMutateResult
> & { readonly idempotency: MutationIdempotency };

/** What a tRPC flavour brings: the procedure's name for TanStack, and a way to call it with a context. */
export interface KeyedProcedure<TOutput, TInput> {
  readonly mutationKey: readonly unknown[];
  send(input: TInput, context: Record<string, unknown>, mutation: MutationFunctionContext): Promise<TOutput>;
}

/** One sent intent, for the submits that join it. */
interface Run<TOutput, TError, TInput, TOnMutateResult> {
  readonly variables: KeyedVariables<TInput>;
  readonly promise: Promise<TOutput>;
  /** The callbacks of each submit that means this intent. */
  readonly callbacks: MutateOptions<TOutput, TError, TInput, TOnMutateResult>[];
  /** Set with the success: tells a submit that comes within the window what the others were told. */
  tell?: (callbacks: MutateOptions<TOutput, TError, TInput, TOnMutateResult>) => void;
}

/** `useMutation` with an intent: the flavours' hooks are thin over this one. */
export function useKeyedMutation<TOutput, TError, TInput, TOnMutateResult>(
  procedure: KeyedProcedure<TOutput, TInput>,
  options: IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult>,
): IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> {
  const { joinWindowMs = JOIN_WINDOW_MS, onMutate, onSuccess, onError, onSettled, ...rest } = options;
  type Variables = KeyedVariables<TInput>;
  type CallOptions = MutateOptions<TOutput, TError, TInput, TOnMutateResult>;
  // Not React state: two clicks in one tick must see each other before any render.
  const [box] = useState(() => ({
    intent: IDLE as Intent,
    run: undefined as Run<TOutput, TError, TInput, TOnMutateResult> | undefined,
  }));

  const mutation = useMutation<TOutput, TError, Variables, TOnMutateResult>({
    retry: retryUnderSameKey,
    retryDelay,
    ...rest,
    mutationKey: procedure.mutationKey,
    mutationFn: async (variables, context) => {
      const log = logOf(variables);
      log.attempts += 1;
      const ask = idempotent({
        key: variables.key,
        onAnswer: (answer) => {
          log.answer = answer;
        },
      });
      const output = await procedure.send(variables.input, ask, context);
      if (!log.answer)
        throw new OncekeyError('MISCONFIGURED', 'Put idempotencyLink() first among the tRPC client’s links.');
      return output;
    },
    ...(onMutate && { onMutate: (variables: Variables, context) => onMutate(variables.input, context) }),
    onSuccess: (output, variables, result, context) => {
      box.intent = succeeded(box.intent, variables.key, Date.now(), joinWindowMs);
      if (box.run?.variables === variables) {
        box.run.tell = (callbacks) => {
          callbacks.onSuccess?.(output, variables.input, result, context);
          callbacks.onSettled?.(output, null, variables.input, result, context);
        };
      }
      return onSuccess?.(output, variables.input, result, context);
    },
    onError: (error, variables, result, context) => {
      box.intent = failed(box.intent, variables.key, retryAdvice(error));
      return onError?.(error, variables.input, result, context);
    },
    onSettled: (output, error, variables, result, context) =>
      onSettled?.(output, error, variables.input, result, context),
  });

  const { mutateAsync: send, reset: resetMutation } = mutation;
  const mutateAsync = useCallback(
    (input: TInput, callbacks: CallOptions = {}): Promise<TOutput> => {
      const submission = submit(box.intent, contentOf(input), Date.now(), createKey);
      box.intent = submission.intent;
      const { run } = box;
      if (submission.do === 'join' && run) {
        // Later in either case: nobody expects a callback before `mutate` has returned.
        if (run.tell) void run.promise.then(() => run.tell?.(callbacks));
        else run.callbacks.push(callbacks);
        return run.promise;
      }
      const { key } = submission;
      const variables = run?.variables.key === key ? run.variables : { input, key };
      const all = [callbacks];
      const promise = send(variables, {
        onSuccess: (output, _, result, context) => {
          for (const each of all) each.onSuccess?.(output, variables.input, result, context);
        },
        onError: (error, _, result, context) => {
          for (const each of all) each.onError?.(error, variables.input, result, context);
        },
        onSettled: (output, error, _, result, context) => {
          for (const each of all) each.onSettled?.(output, error, variables.input, result, context);
        },
      });
      box.run = { variables, promise, callbacks: all };
      return promise;
    },
    [box, send],
  );
  const mutate = useCallback(
    (input: TInput, callbacks?: CallOptions): void => {
      mutateAsync(input, callbacks).catch(() => {}); // told through the callbacks and the mutation's own state
    },
    [mutateAsync],
  );
  const reset = useCallback(() => {
    box.intent = IDLE;
    box.run = undefined;
    resetMutation();
  }, [box, resetMutation]);

  return {
    ...mutation,
    variables: mutation.variables?.input,
    mutate,
    mutateAsync,
    reset,
    idempotency: describe(mutation),
    // TanStack ties `variables` to each status in a union, which a spread cannot follow.
  } as unknown as IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult>;
}

function describe<TInput>(mutation: {
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
    outcome: outcomeOf(mutation.status, mutation.error),
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
