import type { Outcome } from '@oncekey/client';
import type { QueryClient } from '@tanstack/react-query';
import type { IdempotentMutationOptions, IdempotentMutationResult } from './mutation-types.ts';
import type { KeyedProcedure } from './send-intent.ts';
import { useKeyedMutation } from './use-keyed-mutation.ts';

/** What is sent under. */
export interface SentIntent {
  readonly key: string;
  /** Tells `mutation.idempotency` whether the answer came from the record: `Idempotency-Replayed`, say. */
  answered(answer: { readonly replayed: boolean; readonly executionId?: string }): void;
}

export interface IntentOptions<TOutput, TError, TInput, TOnMutateResult>
  extends Omit<IdempotentMutationOptions<TOutput, TError, TInput, TOnMutateResult>, 'trpc'> {
  /** The operation's name: intents of two operations never meet. */
  readonly mutationKey: readonly unknown[];
  /** Asks what became of a key, for `check()`. */
  readonly outcome?: (key: string) => Promise<Outcome>;
  /** Makes certain that a key never takes effect, for `cancel()` and for edits. */
  readonly abandon?: (key: string) => Promise<Outcome>;
  readonly queryClient?: QueryClient;
}

/**
 * The same as `useIdempotentMutation` for what is not tRPC: plain fetch, server actions, any other client. `send` is given
 * the key, and passes it on to a server that keeps it.
 *
 * An error counts as a refusal if it has a 4xx `status` (or `response.status`); without any, its outcome is unknown.
 *
 * @example
 * const pay = useIntent(
 *   (input: Payment, { key }) => post('/payments', input, { headers: { 'Idempotency-Key': `"${key}"` } }),
 *   { mutationKey: ['pay'] },
 * );
 */
export function useIntent<TInput = void, TOutput = unknown, TError = Error, TOnMutateResult = unknown>(
  send: (input: TInput, intent: SentIntent) => Promise<TOutput>,
  options: IntentOptions<TOutput, TError, TInput, TOnMutateResult>,
): IdempotentMutationResult<TOutput, TError, TInput, TOnMutateResult> {
  const { mutationKey, outcome, abandon, queryClient, ...rest } = options;
  const procedure: KeyedProcedure<TOutput, TInput> = {
    mutationKey,
    ...(queryClient && { queryClient }),
    async send(input, { key = '', about, onAnswer }) {
      if (about) {
        const ask = about === 'outcome' ? outcome : abandon;
        if (!ask) throw Object.assign(new Error(`useIntent needs \`${about}\` for this.`), { code: 'NOT_ASKABLE' });
        return (await ask(key)) as TOutput; // who asks about a key knows what it is answered
      }
      const answer = { key, replayed: false, executionId: undefined as string | undefined };
      const output = await send(input, { key, answered: (told) => Object.assign(answer, told) });
      onAnswer?.(answer);
      return output;
    },
  };
  return useKeyedMutation(procedure, rest);
}
