import { idempotent } from '@oncekey/client';
import { getMutationKey } from '@trpc/react-query';
import { TRPCContext } from '@trpc/react-query/shared';
import { useContext } from 'react';
import type { IdempotentMutationOptions, IdempotentMutationResult } from './mutation-types.ts';
import { useKeyedMutation } from './use-keyed-mutation.ts';

/** A mutation of `createTRPCReact`, as far as the hook needs it. */
export interface ClassicMutationProcedure {
  // biome-ignore lint/suspicious/noExplicitAny: matched by any mutation; its types are read from it below
  useMutation(...options: any[]): { mutateAsync(...input: any[]): Promise<any>; error: any };
}

type Hook<TProcedure extends ClassicMutationProcedure> = ReturnType<TProcedure['useMutation']>;
type InputOf<TProcedure extends ClassicMutationProcedure> = Parameters<Hook<TProcedure>['mutateAsync']>[0];
type OutputOf<TProcedure extends ClassicMutationProcedure> = Awaited<ReturnType<Hook<TProcedure>['mutateAsync']>>;
type ErrorOf<TProcedure extends ClassicMutationProcedure> = NonNullable<Hook<TProcedure>['error']>;

/**
 * The hook of `@oncekey/react` for `@trpc/react-query`: the same options, the same result.
 *
 * @example
 * const start = useIdempotentMutation(trpc.conversations.start, { onSuccess: () => utils.conversations.invalidate() });
 * @throws {Error} outside of tRPC's Provider
 */
export function useIdempotentMutation<TProcedure extends ClassicMutationProcedure, TOnMutateResult = unknown>(
  procedure: TProcedure,
  options: IdempotentMutationOptions<
    OutputOf<TProcedure>,
    ErrorOf<TProcedure>,
    InputOf<TProcedure>,
    TOnMutateResult
  > = {},
): IdempotentMutationResult<OutputOf<TProcedure>, ErrorOf<TProcedure>, InputOf<TProcedure>, TOnMutateResult> {
  const trpc = useContext(TRPCContext);
  if (!trpc)
    throw new Error('useIdempotentMutation needs tRPC’s Provider above it: <trpc.Provider client queryClient>.');
  const mutationKey = getMutationKey(procedure as never) as readonly [readonly string[]];
  return useKeyedMutation(
    {
      mutationKey,
      queryClient: trpc.queryClient,
      send: (input, ask, { context }) =>
        trpc.client.mutation(mutationKey[0].join('.'), input, { context: { ...context, ...idempotent(ask) } }),
    },
    options,
  );
}

export type { IntentKind } from './intent-kind.ts';
export type {
  IdempotentMutationOptions,
  IdempotentMutationResult,
  IntentActions,
  MutationIdempotency,
} from './mutation-types.ts';
