import { isOutOfTime, type Look, type RecordState, type StoredRecord } from '../../src/store.ts';

/** A small model of the store: what each statement does to one key, as one atomic step. Nothing here is mutated. */
export interface Row {
  readonly state: RecordState;
  readonly fingerprint: string;
  readonly execution: number;
  readonly attempt: number;
  readonly result: string | undefined;
  readonly isLeaseOver: boolean;
  readonly expiresAt: number;
}

export interface Storage {
  readonly row: Row | undefined;
  /** In retentions: a record that is written at one tick has expired at the next. */
  readonly clock: number;
  /** How many executions have got an id. */
  readonly executions: number;
  /** The effects that are committed and still count: of these there may be one. */
  readonly effects: readonly Effect[];
}

interface Effect {
  readonly execution: number;
  readonly expiresAt: number;
}

/** What is left out of the store or of its use, to see that it is missed. */
export type Bug =
  | 'no fence'
  | 'check then insert'
  | 'takeover of the living'
  | 'purge of the living'
  | 'late failure deletes'
  | 'abandon overwrites'
  | 'effect outside of the transaction';

export type Bugs = ReadonlySet<Bug>;

export interface Lease {
  readonly execution: number;
  readonly attempt: number;
}

export const EMPTY: Storage = { row: undefined, clock: 0, executions: 0, effects: [] };

export const OPERATION = 'op';
export const RETENTION_MS = 1_000;
/** Longer than a retention, so that a key born at tick 0 is out of time at tick 1, as its record has expired. */
const TICK_MS = 2 * RETENTION_MS;

export function isLeased(row: Row): boolean {
  return row.state === 'running' && !row.isLeaseOver;
}

export function isExpired(row: Row, now: number): boolean {
  return row.expiresAt <= now;
}

/** When it is for a statement: PostgreSQL's `now()` stands still in a transaction, and the rows do not. */
export interface Moment {
  readonly now: number;
  /** Whether the lease that is there was over then. */
  readonly isLeaseOver: boolean;
}

/** For a statement that is a transaction of its own. */
export function present({ row, clock }: Storage): Moment {
  return { now: clock, isLeaseOver: row !== undefined && isInterrupted(row) };
}

function isInterrupted({ state, isLeaseOver }: Pick<Row, 'state' | 'isLeaseOver'>): boolean {
  return state === 'running' && isLeaseOver;
}

/** Whether a new record may take its place: it has expired or its owner is gone, and nobody is at work on it. */
function isStale(row: Row, at: Moment): boolean {
  return row.state === 'running' ? at.isLeaseOver : isExpired(row, at.now);
}

/** As {@link isStale}, but an owner that is gone may be taken over as long as it is remembered. */
function isFree(row: Row, at: Moment): boolean {
  return isExpired(row, at.now) && isStale(row, at);
}

/** `lookUp` */
export function lookUp(storage: Storage, at: Moment = present(storage)): Look {
  const { row } = storage;
  const record: StoredRecord | undefined = row && {
    key: 'k',
    state: row.state,
    operation: OPERATION,
    fingerprint: row.fingerprint,
    executionId: String(row.execution),
    attempt: row.attempt,
    result: row.result ?? null,
    createdAt: dateAt(0),
    expired: isFree(row, at),
    leased: row.state === 'running' && !at.isLeaseOver,
  };
  // The clock is read after the snapshot, whenever the transaction began.
  return { now: dateAt(storage.clock), record };
}

function dateAt(tick: number): Date {
  return new Date(tick * TICK_MS);
}

/** The moment of its BEGIN, and what it has seen since. */
export interface Transaction extends Moment {
  /** Whether its look-up found a record: only then it deletes a stale one. */
  readonly sawRecord: boolean;
}

/**
 * The end of a transaction, `deleteStale`, `insertRecord` and COMMIT: the record and what the handler wrote, or
 * `undefined` by the primary key. A new row begins at attempt 1, under an execution of its own.
 */
export function commit(
  storage: Storage,
  { fingerprint, state }: { readonly fingerprint: string; readonly state: 'succeeded' | 'failed' },
  transaction: Transaction,
  bugs: Bugs,
): Storage | undefined {
  const { row } = storage;
  const isDeleted = transaction.sawRecord && row && isStale(row, transaction);
  if (row && !isDeleted && !bugs.has('check then insert')) return undefined;
  const execution = storage.executions + 1;
  const expiresAt = transaction.now + 1;
  const hasEffect = state === 'succeeded' && !bugs.has('effect outside of the transaction');
  return {
    ...storage,
    row: { state, fingerprint, execution, attempt: 1, result: `${execution}.1`, isLeaseOver: true, expiresAt },
    executions: execution,
    effects: hasEffect ? [...storage.effects, { execution, expiresAt }] : storage.effects,
  };
}

/** A handler that writes past its transaction. */
export function writePast(storage: Storage): Storage {
  const execution = storage.executions + 1;
  const effect = { execution, expiresAt: storage.clock + 1 };
  return { ...storage, executions: execution, effects: [...storage.effects, effect] };
}

/** `claimLease`, INSERT … ON CONFLICT DO UPDATE: a claim, a takeover, or nothing. */
export function claim(
  storage: Storage,
  { fingerprint, bornAt }: { readonly fingerprint: string; readonly bornAt: number | undefined },
  bugs: Bugs,
): readonly [Storage, Lease | undefined] {
  const { row, clock } = storage;
  const isNew = !row || isFree(row, present(storage));
  if (isNew && isOutOfTime(bornAt, clock * TICK_MS, RETENTION_MS)) return [storage, undefined];
  const isLeft = row && (isInterrupted(row) || (bugs.has('takeover of the living') && row.state === 'running'));
  if (!isNew && !(isLeft && row.fingerprint === fingerprint)) return [storage, undefined];
  const lease = {
    execution: isNew ? storage.executions + 1 : row.execution,
    attempt: (row?.attempt ?? 0) + 1,
  };
  const claimed: Row = {
    ...lease,
    state: 'running',
    fingerprint,
    result: undefined,
    isLeaseOver: false,
    expiresAt: isNew ? clock + 1 : row.expiresAt,
  };
  return [{ ...storage, row: claimed, executions: Math.max(storage.executions, lease.execution) }, lease];
}

/** The fence, `HELD`. */
export function isHeld({ row }: Storage, { execution, attempt }: Lease): boolean {
  return row?.state === 'running' && row.execution === execution && row.attempt === attempt;
}

function mayWrite(storage: Storage, lease: Lease, bugs: Bugs): boolean {
  return isHeld(storage, lease) || (bugs.has('no fence') && storage.row !== undefined);
}

/** `renewLeases`: it asks the fence only, so a late beat revives a lease that nobody has taken over. */
export function renew(storage: Storage, lease: Lease): Storage | undefined {
  const { row } = storage;
  return row?.isLeaseOver && isHeld(storage, lease) ? { ...storage, row: { ...row, isLeaseOver: false } } : undefined;
}

/** `complete`. Said twice it is the same as once; `undefined`: a later attempt has taken over. */
export function complete(
  storage: Storage,
  lease: Lease,
  state: 'succeeded' | 'failed',
  bugs: Bugs,
): Storage | undefined {
  const { row } = storage;
  if (row && mayWrite(storage, lease, bugs)) {
    return { ...storage, row: { ...row, state, result: resultOf(lease), isLeaseOver: true } };
  }
  const isSaidBefore = row?.execution === lease.execution && row.attempt === lease.attempt && row.state === state;
  return isSaidBefore ? storage : undefined;
}

export function resultOf({ execution, attempt }: Lease): string {
  return `${execution}.${attempt}`;
}

export function release(storage: Storage, lease: Lease, bugs: Bugs): Storage {
  const { row } = storage;
  if (bugs.has('late failure deletes')) return { ...storage, row: undefined };
  return row && mayWrite(storage, lease, bugs) ? { ...storage, row: { ...row, isLeaseOver: true } } : storage;
}

/** `insertTombstone`: where nothing is, or where the owner is gone. */
export function abandon(storage: Storage, bugs: Bugs): Storage | undefined {
  const { row, clock } = storage;
  if (row && !isStale(row, present(storage)) && !bugs.has('abandon overwrites')) return undefined;
  const tombstone: Row = {
    state: 'abandoned',
    fingerprint: row?.fingerprint ?? '',
    execution: row?.execution ?? storage.executions + 1,
    attempt: (row?.attempt ?? 0) + 1,
    result: undefined,
    isLeaseOver: true,
    expiresAt: Math.max(row?.expiresAt ?? 0, clock + 1),
  };
  return { ...storage, row: tombstone, executions: Math.max(storage.executions, tombstone.execution) };
}

/** `deleteExpired`. */
export function purge(storage: Storage, bugs: Bugs): Storage | undefined {
  const { row } = storage;
  const isDoomed = row && (isFree(row, present(storage)) || bugs.has('purge of the living'));
  return isDoomed ? { ...storage, row: undefined } : undefined;
}

/** A retention later. What a key without a time did before is then forgotten, as it is promised to be. */
export function tick(storage: Storage, isTimed: boolean): Storage {
  const clock = storage.clock + 1;
  const effects = isTimed ? storage.effects : storage.effects.filter(({ expiresAt }) => expiresAt > clock);
  return { ...storage, clock, effects };
}
