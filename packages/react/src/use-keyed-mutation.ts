import { type FailedOutcome, idempotent, retryAdvice, retryDelay, retryUnderSameKey } from '@oncekey/client';
import { createKey, OncekeyError } from '@oncekey/core';
import {
  type MutateOptions,
  type MutationFunctionContext,
  type MutationOptions,
  type QueryClient,
  type UseMutationOptions,
  type UseMutationResult,
  useMutation,
} from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { contentOf } from './content.ts';
import { attemptFailed, failed, NO_INTENTS, submit, succeeded } from './intent.ts';
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
  /** `'succeeded'` also where an `onSuccess` of the app's failed after it. Of several attempts, the last one's. */
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
  /** Where the flavour has one of its own; else that of the nearest provider. */
  readonly queryClient?: QueryClient;
  send(input: TInput, context: Record<string, unknown>, mutation: MutationFunctionContext): Promise<TOutput>;
}

/** One sent intent, for the submits that join it. */
interface Run<TOutput, TInput, TOnMutateResult> {
  readonly variables: KeyedVariables<TInput>;
  readonly promise: Promise<TOutput>;
  /** What TanStack gives to callbacks only; set before the promise settles. */
  last?: readonly [result: TOnMutateResult | undefined, context: MutationFunctionContext];
}

/** `useMutation` with intents: the flavours' hooks are thin over this one. */
export function useKeyedMutation<TOutput, TError, TInput, TOnMutateResult>(
  procedure: KeyedProcedure<TOutput, TInput>,
  options: IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult>,
): IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> {
  const { joinWindowMs = JOIN_WINDOW_MS, trpc, onMutate, onSuccess, onError, onSettled, ...rest } = options;
  type Variables = KeyedVariables<TInput>;
  type CallOptions = MutateOptions<TOutput, TError, TInput, TOnMutateResult>;
  // Not React state: two clicks in one tick must see each other before any render.
  const [box] = useState(() => ({
    intents: NO_INTENTS,
    runs: new Map<string, Run<TOutput, TInput, TOnMutateResult>>(),
    latestKey: undefined as string | undefined,
    isMounted: false,
  }));
  useEffect(() => {
    box.isMounted = true;
    return () => {
      box.isMounted = false;
    };
  }, [box]);

  /** The QueryClient's own callbacks, which ours would hide, and which must not see our variables either. */
  const defaultsOf = ({ client, mutationKey }: MutationFunctionContext) =>
    client.defaultMutationOptions<MutationOptions<TOutput, TError, TInput, TOnMutateResult>>(
      mutationKey ? { mutationKey } : {},
    );

  const mutation = useMutation<TOutput, TError, Variables, TOnMutateResult>(
    {
      retry: retryUnderSameKey,
      retryDelay,
      ...rest,
      mutationKey: procedure.mutationKey,
      mutationFn: async (variables, context) => {
        const log = logOf(variables);
        log.attempts += 1;
        let isKeyed = false;
        const ask = idempotent({
          key: variables.key,
          onAnswer: (answer) => {
            isKeyed = true;
            log.answer = answer;
          },
        });
        try {
          const output = await procedure.send(variables.input, { ...trpc?.context, ...ask }, context);
          if (!isKeyed)
            throw new OncekeyError('MISCONFIGURED', 'Put idempotencyLink() first among the tRPC client’s links.');
          return output;
        } catch (error) {
          box.intents = attemptFailed(box.intents, variables.key, retryAdvice(error));
          throw error;
        }
      },
      // TanStack types what its callbacks get as there if `onMutate` gave it: a default's may be another type.
      onMutate: (variables, context) =>
        (onMutate ?? defaultsOf(context).onMutate)?.(variables.input, context) as TOnMutateResult,
      onSuccess: (output, variables, result, context) => {
        remember(variables, result, context);
        const { input } = variables;
        // Both, where the first gives nothing: as tRPC's own hooks do.
        return (
          onSuccess?.(output, input, result, context) ?? defaultsOf(context).onSuccess?.(output, input, result, context)
        );
      },
      onError: (error, variables, result, context) => {
        remember(variables, result, context);
        // Before the callbacks: one that submits again must not join what has just failed.
        box.intents = failed(box.intents, variables.key, retryAdvice(error));
        return (onError ?? defaultsOf(context).onError)?.(error, variables.input, result, context);
      },
      onSettled: (output, error, variables, result, context) =>
        (onSettled ?? defaultsOf(context).onSettled)?.(output, error, variables.input, result, context),
    },
    procedure.queryClient,
  );

  function remember(variables: Variables, result: TOnMutateResult | undefined, context: MutationFunctionContext) {
    const run = box.runs.get(variables.key);
    if (run?.variables === variables) run.last = [result, context];
  }

  const { mutateAsync: send, reset: resetMutation } = mutation;
  const operation = JSON.stringify(procedure.mutationKey);
  const mutateAsync = useCallback(
    (input: TInput, callbacks: CallOptions = {}): Promise<TOutput> => {
      // With the operation: the procedure that a hook is given may change from one render to the next.
      const submission = submit(box.intents, operation + contentOf(input), performance.now(), createKey);
      const { key } = submission;
      box.intents = submission.intents;
      box.latestKey = key;
      const known = box.runs.get(key);
      if (submission.do === 'join' && known) {
        tellLater(known, callbacks, () => box.isMounted && box.latestKey === key);
        return known.promise;
      }

      const variables = known?.variables ?? { input, key };
      const promise = send(variables, {
        onSuccess: (output, _, result, context) => callbacks.onSuccess?.(output, variables.input, result, context),
        onError: (error, _, result, context) => callbacks.onError?.(error, variables.input, result, context),
        onSettled: (output, error, _, result, context) =>
          callbacks.onSettled?.(output, error, variables.input, result, context),
      });
      const kept = new Set([...box.intents.values()].map((intent) => intent.key));
      for (const each of box.runs.keys()) if (!kept.has(each)) box.runs.delete(each);
      box.runs.set(key, { variables, promise });
      // Not with the answer: the mutation is pending until the callbacks, which may be slow or fail, have ended.
      promise.then(
        () => {
          box.intents = succeeded(box.intents, key, performance.now(), joinWindowMs);
        },
        () => {}, // `onError` knows; here it would undo what a callback has sent again
      );
      return promise;
    },
    [box, send, operation, joinWindowMs],
  );
  const mutate = useCallback(
    (input: TInput, callbacks?: CallOptions): void => {
      mutateAsync(input, callbacks).catch(() => {}); // told through the callbacks and the mutation's own state
    },
    [mutateAsync],
  );
  const reset = useCallback(() => {
    box.intents = NO_INTENTS;
    box.runs.clear();
    box.latestKey = undefined;
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

/** TanStack tells the caller that sent; this tells one that joined the same, in the same order. */
function tellLater<TOutput, TError, TInput, TOnMutateResult>(
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
