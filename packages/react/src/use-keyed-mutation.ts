import { mintKey, retryAdvice, retryDelay, retryUnderSameKey, type SavedIntent } from '@oncekey/client';
import { OncekeyError } from '@oncekey/core';
import {
  type MutateOptions,
  type MutationFunctionContext,
  type MutationOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import {
  attemptFailed,
  failed,
  forgotten,
  isOpen,
  NO_INTENTS,
  rekeyed,
  restored,
  submit,
  succeeded,
} from './intent.ts';
import { scopeOfIntent } from './intent-kind.ts';
import { type KeyedVariables, logOf } from './keyed-variables.ts';
import type { IdempotentMutationOptions, IdempotentMutationResult } from './mutation-types.ts';
import { isOfflineWith } from './offline.ts';
import { askAbout, type KeyedProcedure, sendIntent } from './send-intent.ts';
import { shownIdempotency } from './shown-idempotency.ts';
import { type Run, tellLater } from './tell-later.ts';

/** How long after a success the same submit still means the same intent, in ms. */
const JOIN_WINDOW_MS = 1_000;

/** Of what was left open by somebody else: only a new attempt answers it. */
const NEVER = new Promise<never>(() => {});

declare const process: { readonly env: { readonly NODE_ENV?: string } } | undefined;

/** `useMutation` with intents: the flavours' hooks are thin over this one. */
export function useKeyedMutation<TOutput, TError, TInput, TOnMutateResult>(
  procedure: KeyedProcedure<TOutput, TInput>,
  options: IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult>,
): IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> {
  const { intent = 'submit', subject, persist, joinWindowMs = JOIN_WINDOW_MS, trpc, ...callbacksAndRest } = options;
  const { onMutate, onSuccess, onError, onSettled, ...rest } = callbacksAndRest;
  type Variables = KeyedVariables<TInput>;
  type CallOptions = MutateOptions<TOutput, TError, TInput, TOnMutateResult>;
  const nearest = useQueryClient(procedure.queryClient);
  // Without a subject, what waits offline may be ten things; with a scope, it is a queue.
  const isAboutOne = subject !== undefined && rest.scope === undefined;
  const operation = JSON.stringify(procedure.mutationKey);
  // Not React state: two clicks in one tick must see each other before any render.
  const [box] = useState(() => ({
    intents: NO_INTENTS,
    runs: new Map<string, Run<TOutput, TInput, TOnMutateResult>>(),
    latest: undefined as Variables | undefined,
    isMounted: false,
    subject: undefined as typeof subject,
    persist,
    onRekeyed(variables: Variables, from: string) {
      this.intents = rekeyed(this.intents, from, variables.key);
      const run = this.runs.get(from);
      this.runs.delete(from);
      if (run) this.runs.set(variables.key, run);
      persist?.remove(operation, from);
      if (run) persist?.hold(operation, variables, run.promise);
    },
    onSuperseded(key: string) {
      this.intents = forgotten(this.intents, key);
      this.runs.delete(key);
      persist?.remove(operation, key);
    },
  }));
  useEffect(() => {
    box.subject = subject; // most often a new function with each render, which must not make a new `mutate`
    if (typeof process !== 'undefined' && process.env.NODE_ENV === 'development' && persist !== box.persist) {
      console.warn('oncekey: `persist` is another one than before: make it once, outside of the component.');
      box.persist = persist;
    }
  });
  useEffect(() => {
    box.isMounted = true;
    return () => {
      box.isMounted = false;
    };
  }, [box]);

  const sending = (context: MutationFunctionContext) => ({
    context: trpc?.context,
    mutation: context,
    isRetried: rest.retry !== false,
  });

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
        logOf(variables).handles = handlesOf(variables);
        try {
          return await sendIntent(procedure, variables, { ...sending(context), events: box });
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
  /** Takes up what another tab, or this one before a reload, has left open. */
  const restore = useCallback(
    (saved: SavedIntent) => {
      const input = saved.input as TInput; // it was one of this operation's when it was saved
      // With the operation: the procedure that a hook is given may change from one render to the next.
      const submitted = {
        content: operation + scopeOfIntent(intent, input),
        subject: operation + (box.subject?.(input) ?? ''),
      };
      const before = box.intents;
      box.intents = restored(before, submitted, saved.key);
      if (box.intents === before) return;
      const variables: Variables = { input, key: saved.key, isSent: true };
      box.runs.set(saved.key, { variables, promise: NEVER });
    },
    [box, operation, intent],
  );
  const mutateAsync = useCallback(
    (input: TInput, callbacks: CallOptions = {}): Promise<TOutput> => {
      for (const saved of persist?.load(operation) ?? []) restore(saved);
      const submitted = {
        content: operation + scopeOfIntent(intent, input),
        subject: operation + (box.subject?.(input) ?? ''),
      };
      const isHeldBack = (key: string) =>
        isAboutOne && isOfflineWith(nearest, (variables) => variables === box.runs.get(key)?.variables);
      const submission = submit(box.intents, submitted, performance.now(), mintKey, isHeldBack);
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
      const edited = submission.supersedes.flatMap((key) => box.runs.get(key)?.variables ?? []);
      variables.supersedes = edited.filter((each) => each.isSent);
      for (const each of edited) {
        if (each.isSent) continue;
        each.isDropped = true;
        box.onSuperseded(each.key);
      }
      box.latest = variables;
      logOf(variables); // before anyone hears of the mutation: they know it by that
      const promise = send(variables, {
        onSuccess: (output, _, result, context) => callbacks.onSuccess?.(output, variables.input, result, context),
        onError: (error, _, result, context) => callbacks.onError?.(error, variables.input, result, context),
        onSettled: (output, error, _, result, context) =>
          callbacks.onSettled?.(output, error, variables.input, result, context),
      });
      const kept = new Set([...box.intents.values()].map((each) => each.key));
      for (const key of box.runs.keys()) if (!kept.has(key)) box.runs.delete(key);
      box.runs.set(variables.key, { variables, promise });
      persist?.hold(operation, variables, promise);
      // Not with the answer: the mutation is pending until the callbacks, which may be slow or fail, have ended.
      const windowMs = intent === 'mount' ? Number.POSITIVE_INFINITY : joinWindowMs;
      promise.then(
        () => {
          box.intents = succeeded(box.intents, variables.key, performance.now(), windowMs);
          persist?.remove(operation, variables.key);
        },
        () => {
          // `onError` knows what became of the intent; to say it here would undo what a callback has sent again.
          if (!isOpen(box.intents, variables.key)) persist?.remove(operation, variables.key);
        },
      );
      return promise;
    },
    [box, send, operation, joinWindowMs, intent, persist, restore, nearest, isAboutOne],
  );
  useEffect(
    () =>
      persist?.adopt(
        operation,
        async (saved) => {
          restore(saved);
          await mutateAsync(saved.input as TInput);
        },
        (key) => {
          const isShown = box.latest?.key === key && isOpen(box.intents, key);
          // Its answer is in the record: fetched if it is what this tab shows, and else nothing to it any more.
          if (isShown) mutateAsync(box.latest?.input as TInput).catch(() => {});
          else box.onSuperseded(key);
        },
      ),
    [box, persist, operation, restore, mutateAsync],
  );
  const mutate = useCallback(
    (input: TInput, callbacks?: CallOptions): void => {
      mutateAsync(input, callbacks).catch(() => {}); // told through the callbacks and the mutation's own state
    },
    [mutateAsync],
  );
  const renew = useCallback(() => {
    for (const { key } of box.intents.values()) persist?.remove(operation, key);
    box.intents = NO_INTENTS;
    box.runs.clear();
    box.latest = undefined;
  }, [box, operation, persist]);
  const reset = useCallback(() => {
    renew();
    resetMutation();
  }, [renew, resetMutation]);

  const handlesOf = (variables: Variables) => {
    // Settled long ago, its input would be a new intent: it is asked for under its own key, and nothing happens again.
    const again = () => (isOpen(box.intents, variables.key) ? mutateAsync(variables.input) : send(variables));
    const ask = async (about: 'outcome' | 'abandon') => {
      const asked = { client: nearest, meta: undefined, mutationKey: [...procedure.mutationKey] };
      const outcome = await askAbout(procedure, about, variables, sending(asked));
      if (outcome.state === 'succeeded' || outcome.state === 'failed') {
        await again().catch(() => {});
      } else if (outcome.state === 'abandoned') {
        box.onSuperseded(variables.key);
        if (about === 'abandon' && box.latest === variables) reset();
      }
      return outcome;
    };
    return {
      resend: again,
      check: () => ask('outcome'),
      cancel: () => ask('abandon'),
    };
  };
  const latest = async () => {
    if (!box.latest) throw new OncekeyError('MISCONFIGURED', 'oncekey: nothing was submitted yet.');
    return handlesOf(box.latest);
  };

  const idempotency = shownIdempotency(mutation);
  const isUnknown = mutation.status === 'error' && idempotency.outcome === 'unknown';
  return {
    ...mutation,
    status: isUnknown ? 'unknown' : mutation.status,
    variables: mutation.variables?.input,
    mutate,
    mutateAsync,
    reset,
    renew,
    resend: async () => (await latest()).resend(),
    check: async () => (await latest()).check(),
    cancel: async () => (await latest()).cancel(),
    isUnknown,
    idempotency,
    // TanStack ties `variables` to each status in a union, which a spread cannot follow.
  } as unknown as IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult>;
}
