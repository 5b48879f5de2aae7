export { type TanstackMutationProcedure, useIdempotentMutation } from './use-idempotent-mutation.ts';
export type { IdempotentMutationOptions, IdempotentMutationResult, MutationIdempotency } from './use-keyed-mutation.ts';
