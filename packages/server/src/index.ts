export { isOncekeyError, keyFrom, OncekeyError, type OncekeyErrorData } from '@oncekey/core';
export type {
  CallOptions,
  DedupeBy,
  DedupeUntil,
  InputOptions,
  LeasedDedupeUntil,
  LeasedOptions,
  MissingKey,
  ProtectionOptions,
  TransactionalOptions,
} from './call-options.ts';
export {
  createIdempotency,
  type DatabaseContext,
  type IdempotencyOptions,
  type IdempotencyPlugin,
  type TransactionOf,
} from './create-idempotency.ts';
export type { Duration } from './duration.ts';
export type { AuditKind, AuditLevel, IdempotencyEvent, Listener } from './events.ts';
export type {
  Executed,
  ExecuteLeased,
  ExecuteTransactional,
  LeasedHandlerOptions,
  TransactionalHandlerOptions,
} from './execute.ts';
export type { Outcome } from './outcome.ts';
export type { PurgeOptions, PurgeResult } from './purge.ts';
export { RememberedError } from './remembered-error.ts';
export { aesGcm, type ResultCodec } from './result-codec.ts';
export type { Transformer } from './result-format.ts';
export type { StepContext, StepOptions, Steps } from './steps.ts';
export type * from './store.ts';
export type { OutcomeProcedures } from './trpc/outcomes.ts';
export type { Idempotency, LeasedIdempotency } from './trpc/protected.ts';
