/** Names a record: whose it is, and which intent. Neither part is ever empty. */
export interface RecordId {
  readonly scope: string;
  readonly key: string;
}

/** A record as the store holds it. */
export interface StoredRecord {
  readonly operation: string;
  /** 64 hex digits, see `fingerprint` of `@oncekey/core`. */
  readonly fingerprint: string;
  readonly executionId: string;
  /** The serialised result; `null` stands for a handler that returned `undefined`. */
  readonly result: string | null;
  /** By the database's clock. */
  readonly createdAt: Date;
  /** Whether its retention was over, by the database's clock, when it was read. */
  readonly expired: boolean;
}

/** What an execution leaves behind. */
export interface NewRecord {
  readonly operation: string;
  readonly fingerprint: string;
  readonly executionId: string;
  readonly result: string | null;
  /** How long it is remembered, in ms from the commit's transaction start, by the database's clock. */
  readonly retentionMs: number;
}

/** What a transaction found when it opened. */
export interface Claim<Tx> {
  readonly tx: Tx;
  /** `false`: another transaction is at work on the same id right now. */
  readonly locked: boolean;
  /** Read *after* the lock was tried, so that a record committed by the lock's last owner is seen. */
  readonly record: StoredRecord | undefined;
}

/**
 * How a transaction ended.
 *
 * - `recorded`: committed, with the record
 * - `rolled-back`: the body asked for no record, and nothing of it is left
 * - `overtaken`: another transaction committed a live record under this id first, and nothing of this one is left
 */
export type TransactEnd = 'recorded' | 'rolled-back' | 'overtaken';

/**
 * Where records live. `Tx` is what a handler writes with.
 *
 * Every implementation promises:
 * - At most one live (unexpired) record an id, enforced by the storage itself and not by the lock, which only spares
 *   wasted work. It holds where the lock does nothing.
 * - The handler's writes and the record become visible together or not at all.
 * - Times are taken from the storage's clock, never from the process's.
 * - Errors of its own statements carry no keys, inputs or results.
 */
export interface Store<Tx> {
  /**
   * Opens a transaction, tries the id's lock without waiting, reads its record and hands both to `body`. Commits if
   * the body returns a record, rolls back if it returns `undefined` or throws (what it threw comes out unchanged).
   *
   * @throws {OncekeyError} STORE_UNAVAILABLE if the storage cannot be reached, or is lost before the commit's answer
   */
  transact(id: RecordId, body: (claim: Claim<Tx>) => Promise<NewRecord | undefined>): Promise<TransactEnd>;

  /**
   * Reads a record outside of any transaction.
   *
   * @throws {OncekeyError} STORE_UNAVAILABLE
   */
  find(id: RecordId): Promise<StoredRecord | undefined>;
}
