export type { IntentKind } from './intent-kind.ts';
export type {
  IdempotentMutationOptions,
  IdempotentMutationResult,
  IntentActions,
  MutationIdempotency,
} from './mutation-types.ts';
export { type TanstackMutationProcedure, useIdempotentMutation } from './use-idempotent-mutation.ts';
export { type IntentOptions, type SentIntent, useIntent } from './use-intent.ts';
