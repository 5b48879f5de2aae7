export { isOncekeyError, OncekeyError, type OncekeyErrorData } from '@oncekey/core';
export {
  type CallOptions,
  createIdempotency,
  type DatabaseContext,
  type IdempotencyOptions,
  type IdempotencyPlugin,
  type TransactionOf,
} from './create-idempotency.ts';
export type { Duration } from './duration.ts';
export type { Transformer } from './result-format.ts';
export type { Claim, NewRecord, RecordId, Store, StoredRecord, TransactEnd } from './store.ts';
export type { Idempotency } from './trpc/transactional.ts';
