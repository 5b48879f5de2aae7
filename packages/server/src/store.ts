import type { AuditKind } from './events.ts';

/** Names a record: whose it is, and which intent. Neither part is ever empty. */
export interface RecordId {
  readonly scope: string;
  readonly key: string;
}

/**
 * - `running`: leased, claimed and not ended; live while its lease is, after that the next attempt takes over
 * - `succeeded`, `failed`: ended, with the result or the error that is remembered
 * - `abandoned`: given up for good
 */
export type RecordState = 'running' | 'succeeded' | 'failed' | 'abandoned';

/** A record as the store holds it. */
export interface StoredRecord {
  readonly key: string;
  readonly state: RecordState;
  readonly operation: string;
  /** 64 hex digits, see `fingerprint` of `@oncekey/core`. Empty where a key was abandoned before it came. */
  readonly fingerprint: string;
  readonly executionId: string;
  /** Which attempt at the execution is or was the last. */
  readonly attempt: number;
  /** The serialised result or error; `null` stands for a handler that returned `undefined`, and for none yet. */
  readonly result: string | null;
  /** By the database's clock. */
  readonly createdAt: Date;
  /** Whether its retention was over, by the database's clock, when it was read. Never while a lease is live. */
  readonly expired: boolean;
  /** Whether it is `running` and its owner's lease was not over. */
  readonly leased: boolean;
}

/** What there was to see of an id at one moment. */
export interface Look {
  /** The database's clock. */
  readonly now: Date;
  readonly record: StoredRecord | undefined;
  /** The execution that holds the dedupe key asked for, and is not this id's own. */
  readonly holder?: StoredRecord | undefined;
}

/** A claim on what a request is about, beside its key. */
export interface Dedupe {
  /** 1 to 255 characters; unique a scope and operation. */
  readonly key: string;
  /** For how long, in ms from the claim; `undefined`: until it is settled. */
  readonly forMs: number | undefined;
}

/** What is true of an execution from its start. */
interface NewExecution {
  readonly operation: string;
  readonly fingerprint: string;
  readonly executionId: string;
  /** The time in the key, in ms since 1970, if it bears one. A record outlives it by its retention. */
  readonly bornAt?: number | undefined;
  /** How long it is remembered, in ms from its claim or from its key's birth, whichever is later. */
  readonly retentionMs: number;
  readonly dedupe?: Dedupe | undefined;
  /** Who did it, for the audit. */
  readonly actor?: string | undefined;
}

/** What a transaction leaves behind. */
export interface NewRecord extends NewExecution {
  readonly state?: 'succeeded' | 'failed';
  readonly result: string | null;
}

/** What a transaction found when it opened. */
export interface Claim<Tx> extends Look {
  readonly tx: Tx;
  /** `false`: another transaction is at work on the same id, or on the same dedupe key, right now. */
  readonly locked: boolean;
}

/**
 * How a transaction ended.
 *
 * - `recorded`: committed, with the record
 * - `rolled-back`: the body asked for no record, and nothing of it is left
 * - `overtaken`: another transaction committed a live record under this id, or took its dedupe key, first, and nothing
 *   of this one is left
 */
export type TransactEnd = 'recorded' | 'rolled-back' | 'overtaken';

/** The right to run an execution, as long as no later attempt has taken it over. */
export interface Lease {
  readonly id: RecordId;
  readonly executionId: string;
  readonly attempt: number;
  /** Whether another attempt was here before. */
  readonly isTakeover: boolean;
}

export interface NewLease extends NewExecution {
  /** How long the owner is believed alive after its last heartbeat, in ms. */
  readonly leaseMs: number;
}

/** How a leased execution ended. */
export interface Completion {
  readonly state: 'succeeded' | 'failed';
  readonly result: string | null;
  /** Whether its dedupe key is held on: for its time, or until it is settled. */
  readonly keepsDedupe: boolean;
  readonly actor?: string | undefined;
}

/** How the work ended that an execution had set off. */
export type SettledOutcome = 'succeeded' | 'failed' | 'cancelled';

/** What happened without a write of its own. */
export interface Note {
  readonly kind: AuditKind;
  readonly id: RecordId;
  readonly operation: string;
  readonly executionId?: string | undefined;
  readonly attempt?: number | undefined;
  readonly actor?: string | undefined;
  readonly detail?: Readonly<Record<string, string | number>> | undefined;
}

/** One batch of a purge. */
export interface PurgeBatch {
  readonly records: number;
  readonly events: number;
}

/**
 * Where records live. `Tx` is what a handler writes with.
 *
 * Every implementation promises, and `storeContract` of `@oncekey/server/testing` proves:
 * - At most one live (unexpired) record an id, enforced by the storage itself and not by the lock, which only spares
 *   wasted work. It holds where the lock does nothing. So too for a dedupe key.
 * - The handler's writes and the record become visible together or not at all.
 * - Times are taken from the storage's clock, never from the process's.
 * - The fence: what an owner does after another attempt has taken over changes nothing.
 * - Errors of its own statements carry no keys, inputs or results.
 *
 * Every method throws STORE_UNAVAILABLE if the storage cannot be reached, or is lost before it has answered.
 */
export interface Store<Tx> {
  /**
   * Opens a transaction, tries the locks of the id and of the dedupe key without waiting, reads who is there and hands
   * all to `body`. Commits if the body returns a record, rolls back if it returns `undefined` or throws (what it threw
   * comes out unchanged). A body that failed on a serialisation failure or a deadlock is run again, in a new transaction.
   *
   * @param early where the store can: called with the transaction before the claim is answered, so that what it sends goes
   * along. If the id is not free then, nothing of that is done, and `overtaken` is the end. A store may well never call it
   */
  transact(
    id: RecordId,
    body: (claim: Claim<Tx>) => Promise<NewRecord | undefined>,
    dedupe?: { readonly operation: string; readonly key: string },
    early?: (tx: Tx) => void,
  ): Promise<TransactEnd>;

  /** Reads a record outside of any transaction. */
  look(id: RecordId): Promise<Look>;

  /**
   * Commits a claim, if the id is free, expired, or claimed by the same request with a lease that is over (then the
   * attempt is raised and the execution stays), unless its key bears a time out of the window (see `isOutOfTime`) or
   * another holds its dedupe key. Without a `lease` in the answer, the look says why.
   */
  claim(id: RecordId, lease: NewLease): Promise<Look & { readonly lease?: Lease }>;

  /** The heartbeat of all leases of a process in one statement: those that are still held. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<readonly Lease[]>;

  /** Ends an execution. `false`: a later attempt has taken over. Saying it twice is the same as once. */
  complete(lease: Lease, completion: Completion): Promise<boolean>;

  /** Gives a claim back: the next attempt need not wait for the lease's end. Nothing, if it was taken over. */
  release(lease: Lease, actor?: string): Promise<void>;

  /** The results of finished steps by name. */
  steps(lease: Lease): Promise<ReadonlyMap<string, string | null>>;

  /** Stores a step's result. Answers with what is stored, or `undefined`: a later attempt has taken over. */
  finishStep(
    lease: Lease,
    name: string,
    result: string | null,
  ): Promise<{ readonly result: string | null } | undefined>;

  /** A step whose writes and result are committed together, or not at all: `false`, a later attempt has taken over. */
  transactStep(lease: Lease, name: string, body: (tx: Tx) => Promise<string | null>): Promise<boolean>;

  /**
   * Makes sure that what has not begun never will: an unseen key gets a tombstone, an execution whose owner is gone is
   * ended. Anything else stays as it is. A transaction that runs on the id meanwhile cannot commit any more.
   */
  abandon(
    id: RecordId,
    options: Pick<NewExecution, 'bornAt' | 'retentionMs' | 'actor'>,
  ): Promise<Look & { readonly abandoned: boolean }>;

  /**
   * Frees the dedupe key that an execution holds until it is settled; no other's. `false`: it holds none.
   *
   * @param tx the transaction that it is part of, if any
   */
  settle(executionId: string, outcome: SettledOutcome, tx?: Tx): Promise<boolean>;

  /** Writes audit events, where the store is told to keep their kind. */
  note(notes: readonly Note[]): Promise<void>;

  /** Deletes at most `limit` expired records with their steps, and at most `limit` events older than `eventsMs`. */
  purge(limit: number, eventsMs: number): Promise<PurgeBatch>;
}

/** How far ahead of the database's clock a key may be born, in ms. */
export const CLOCK_LEEWAY_MS = 300_000;

/**
 * Whether a key's time says that it cannot be told any more whether it was used: it was born before the retention, or
 * in a future that would outlive its record.
 */
export function isOutOfTime(bornAt: number | undefined, now: number, retentionMs: number): boolean {
  return bornAt !== undefined && (bornAt < now - retentionMs || bornAt > now + CLOCK_LEEWAY_MS);
}
