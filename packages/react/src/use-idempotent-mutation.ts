import { idempotent } from '@oncekey/client';
import type { MutationFunctionContext } from '@tanstack/react-query';
import type { TRPCClientErrorLike } from '@trpc/client';
import type { IdempotentMutationOptions, IdempotentMutationResult } from './mutation-types.ts';
import { useKeyedMutation } from './use-keyed-mutation.ts';

/** A mutation of `@trpc/tanstack-react-query`, as far as the hook needs it. */
export interface TanstackMutationProcedure<TInput, TOutput, TErrorShape> {
  readonly '~types': { readonly input: TInput; readonly output: TOutput; readonly errorShape: TErrorShape };
  mutationKey(): readonly unknown[];
  mutationOptions(options: { trpc: { context: Record<string, unknown> } }): {
    mutationFn?: ((input: TInput, context: MutationFunctionContext) => Promise<TOutput>) | undefined;
  };
}

type ErrorOf<TErrorShape> = TRPCClientErrorLike<{ transformer: boolean; errorShape: TErrorShape }>;

/**
 * `useMutation` for what must happen once: keeps one key for each thing the person meant to do, through double clicks,
 * retries, re-renders and lost answers. Takes TanStack's options, and retries by itself while the outcome is unknown.
 *
 * A new key is made when the one before is settled or the input changed. A second `mutate` with the same input joins
 * the first while it is pending and for a second after its success: it sends nothing and gets the same answer.
 *
 * @example
 * const start = useIdempotentMutation(trpc.conversations.start, { onSuccess: () => refetch() });
 * <button onClick={() => start.mutate({ agencyId, message })}>Send</button>
 */
export function useIdempotentMutation<TInput, TOutput, TErrorShape, TOnMutateResult = unknown>(
  procedure: TanstackMutationProcedure<TInput, TOutput, TErrorShape>,
  options: IdempotentMutationOptions<TOutput, ErrorOf<TErrorShape>, TInput, TOnMutateResult> = {},
): IdempotentMutationResult<TOutput, ErrorOf<TErrorShape>, TInput, TOnMutateResult> {
  return useKeyedMutation(
    {
      mutationKey: procedure.mutationKey(),
      async send(input, ask, { context, mutation }) {
        // Neither of tRPC's wrappers forwards a context per call; its own mutationFn with this call's context does.
        const { mutationFn } = procedure.mutationOptions({ trpc: { context: { ...context, ...idempotent(ask) } } });
        if (!mutationFn) throw new Error('tRPC gave no mutationFn');
        return mutationFn(input, mutation);
      },
    },
    options,
  );
}
