import { type FailedOutcome, mintKey, type Outcome, retryAdvice, retryDelay, retryUnderSameKey } from '@oncekey/client';
import { OncekeyError } from '@oncekey/core';
import {
  type MutateOptions,
  type MutationFunctionContext,
  type MutationOptions,
  type UseMutationOptions,
  type UseMutationResult,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { attemptFailed, failed, forgotten, NO_INTENTS, rekeyed, submit, succeeded } from './intent.ts';
import { type IntentKind, scopeOfIntent } from './intent-kind.ts';
import { type KeyedVariables, logOf } from './keyed-variables.ts';
import { askAbout, type KeyedProcedure, sendIntent } from './send-intent.ts';

/** How long after a success the same submit still means the same intent, in ms. */
const JOIN_WINDOW_MS = 1_000;

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
  const { intent = 'submit', subject, joinWindowMs = JOIN_WINDOW_MS, trpc, ...callbacksAndRest } = options;
  const { onMutate, onSuccess, onError, onSettled, ...rest } = callbacksAndRest;
  type Variables = KeyedVariables<TInput>;
  type CallOptions = MutateOptions<TOutput, TError, TInput, TOnMutateResult>;
  // Not React state: two clicks in one tick must see each other before any render.
  const [box] = useState(() => ({
    intents: NO_INTENTS,
    runs: new Map<string, Run<TOutput, TInput, TOnMutateResult>>(),
    latest: undefined as Variables | undefined,
    isMounted: false,
    subject: undefined as typeof subject,
    onRekeyed({ key }: Variables, from: string) {
      this.intents = rekeyed(this.intents, from, key);
      const run = this.runs.get(from);
      this.runs.delete(from);
      if (run) this.runs.set(key, run);
    },
    onSuperseded(key: string) {
      this.intents = forgotten(this.intents, key);
      this.runs.delete(key);
    },
  }));
  useEffect(() => {
    box.subject = subject; // most often a new function with each render, which must not make a new `mutate`
  });
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
        try {
          return await sendIntent(procedure, variables, { context: trpc?.context, mutation: context, events: box });
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
      const submitted = {
        content: operation + scopeOfIntent(intent, input),
        subject: operation + (box.subject?.(input) ?? ''),
      };
      const submission = submit(box.intents, submitted, performance.now(), mintKey);
      box.intents = submission.intents;
      const known = box.runs.get(submission.key);
      if (submission.do === 'join' && known) {
        box.latest = known.variables;
        tellLater(known, callbacks, () => box.isMounted && box.latest === known.variables);
        return known.promise;
      }

      const variables =
        known && intent !== 'mount'
          ? known.variables
          : { input, key: submission.key, isOfContent: intent === 'content' };
      variables.supersedes = submission.supersedes.flatMap((key) => box.runs.get(key)?.variables ?? []);
      box.latest = variables;
      const promise = send(variables, {
        onSuccess: (output, _, result, context) => callbacks.onSuccess?.(output, variables.input, result, context),
        onError: (error, _, result, context) => callbacks.onError?.(error, variables.input, result, context),
        onSettled: (output, error, _, result, context) =>
          callbacks.onSettled?.(output, error, variables.input, result, context),
      });
      const kept = new Set([...box.intents.values()].map((each) => each.key));
      for (const key of box.runs.keys()) if (!kept.has(key)) box.runs.delete(key);
      box.runs.set(variables.key, { variables, promise });
      // Not with the answer: the mutation is pending until the callbacks, which may be slow or fail, have ended.
      const windowMs = intent === 'mount' ? Number.POSITIVE_INFINITY : joinWindowMs;
      promise.then(
        () => {
          box.intents = succeeded(box.intents, variables.key, performance.now(), windowMs);
        },
        () => {}, // `onError` knows; here it would undo what a callback has sent again
      );
      return promise;
    },
    [box, send, operation, joinWindowMs, intent],
  );
  const mutate = useCallback(
    (input: TInput, callbacks?: CallOptions): void => {
      mutateAsync(input, callbacks).catch(() => {}); // told through the callbacks and the mutation's own state
    },
    [mutateAsync],
  );
  const renew = useCallback(() => {
    box.intents = NO_INTENTS;
    box.runs.clear();
    box.latest = undefined;
  }, [box]);
  const reset = useCallback(() => {
    renew();
    resetMutation();
  }, [renew, resetMutation]);

  const nearest = useQueryClient(procedure.queryClient);
  const latest = async () => {
    if (!box.latest) throw new OncekeyError('MISCONFIGURED', 'oncekey: nothing was submitted yet.');
    return box.latest;
  };
  const resend = async () => mutateAsync((await latest()).input);
  const ask = async (about: 'outcome' | 'abandon') => {
    const variables = await latest();
    const asked = { client: nearest, meta: undefined, mutationKey: [...procedure.mutationKey] };
    const outcome = await askAbout(procedure, about, variables, { context: trpc?.context, mutation: asked });
    if (outcome.state === 'succeeded' || outcome.state === 'failed') await mutateAsync(variables.input).catch(() => {});
    else if (outcome.state === 'abandoned') {
      box.onSuperseded(variables.key);
      if (about === 'abandon') reset();
    }
    return outcome;
  };

  const idempotency = describe(mutation);
  const isUnknown = mutation.status === 'error' && idempotency.outcome === 'unknown';
  return {
    ...mutation,
    status: isUnknown ? 'unknown' : mutation.status,
    variables: mutation.variables?.input,
    mutate,
    mutateAsync,
    reset,
    renew,
    resend,
    check: () => ask('outcome'),
    cancel: () => ask('abandon'),
    isUnknown,
    idempotency,
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
