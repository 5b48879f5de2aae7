import type { RecordState } from '../../src/store.ts';

/** A small model of the store: what the statements do to one key, each an atomic step. Nothing here is mutated. */
export interface Row {
  readonly state: RecordState;
  readonly fingerprint: string;
  readonly execution: number;
  readonly attempt: number;
  readonly result: string | undefined;
  readonly isLeaseOver: boolean;
  readonly isExpired: boolean;
}

export interface Storage {
  readonly row: Row | undefined;
  /** Who holds the transaction lock. */
  readonly lockedBy: number | undefined;
  readonly executions: number;
  /** Effects committed since the key was last unknown. */
  readonly effects: number;
}

/** What is left out of the store, to see that it is missed. */
export type Bug =
  | 'no fence'
  | 'check then insert'
  | 'takeover of the living'
  | 'purge of the living'
  | 'late failure deletes'
  | 'abandon overwrites';

export interface Lease {
  readonly execution: number;
  readonly attempt: number;
}

export const EMPTY: Storage = { row: undefined, lockedBy: undefined, executions: 0, effects: 0 };

export function isLeased(row: Row): boolean {
  return row.state === 'running' && !row.isLeaseOver;
}

function isFree(row: Row): boolean {
  return row.isExpired && !isLeased(row);
}

function isInterrupted(row: Row): boolean {
  return row.state === 'running' && row.isLeaseOver;
}

/** `pg_try_advisory_xact_lock`; where locks do nothing, everybody gets it. */
export function tryLock(storage: Storage, actor: number, locks: boolean): readonly [Storage, boolean] {
  if (!locks) return [storage, true];
  if (storage.lockedBy !== undefined) return [storage, false];
  return [{ ...storage, lockedBy: actor }, true];
}

export function unlock(storage: Storage, actor: number): Storage {
  return storage.lockedBy === actor ? { ...storage, lockedBy: undefined } : storage;
}

const ended = (fingerprint: string, execution: number, attempt: number, result: string): Row => ({
  state: 'succeeded',
  fingerprint,
  execution,
  attempt,
  result,
  isLeaseOver: true,
  isExpired: false,
});

/** The handler's writes, the record's INSERT and COMMIT: all of it, or `undefined` by the unique key. */
export function commit(
  storage: Storage,
  { fingerprint, result }: { readonly fingerprint: string; readonly result: string },
  bug?: Bug,
): Storage | undefined {
  const { row } = storage;
  if (row && !isFree(row) && !isInterrupted(row) && bug !== 'check then insert') return undefined;
  const execution = storage.executions + 1;
  return {
    ...storage,
    row: ended(fingerprint, execution, (row?.attempt ?? 0) + 1, result),
    executions: execution,
    effects: storage.effects + 1,
  };
}

/** INSERT … ON CONFLICT DO UPDATE: a claim, a takeover, or nothing. */
export function claim(storage: Storage, fingerprint: string, bug?: Bug): readonly [Storage, Lease | undefined] {
  const { row } = storage;
  const isNew = !row || isFree(row);
  const isOver = row && (isInterrupted(row) || (bug === 'takeover of the living' && row.state === 'running'));
  if (!isNew && !(isOver && row.fingerprint === fingerprint)) return [storage, undefined];
  const execution = isNew ? storage.executions + 1 : row.execution;
  const attempt = (row?.attempt ?? 0) + 1;
  const claimed: Row = {
    ...ended(fingerprint, execution, attempt, ''),
    state: 'running',
    result: undefined,
    isLeaseOver: false,
    isExpired: isNew ? false : row.isExpired,
  };
  return [
    { ...storage, row: claimed, executions: Math.max(storage.executions, execution) },
    { execution, attempt },
  ];
}

/** The fence. */
export function isHeld({ row }: Storage, lease: Lease, bug?: Bug): boolean {
  if (row?.state !== 'running') return false;
  return bug === 'no fence' || (row.execution === lease.execution && row.attempt === lease.attempt);
}

export function complete(storage: Storage, lease: Lease, result: string, bug?: Bug): Storage | undefined {
  const { row } = storage;
  if (!row || !isHeld(storage, lease, bug)) return undefined;
  return { ...storage, row: { ...row, state: 'succeeded', result, isLeaseOver: true } };
}

export function release(storage: Storage, lease: Lease, bug?: Bug): Storage {
  const { row } = storage;
  if (bug === 'late failure deletes') return { ...storage, row: undefined };
  return row && isHeld(storage, lease, bug) ? { ...storage, row: { ...row, isLeaseOver: true } } : storage;
}

/** A tombstone where nothing is, or where the owner is gone. */
export function abandon(storage: Storage, bug?: Bug): Storage | undefined {
  const { row } = storage;
  if (row && !isFree(row) && !isInterrupted(row) && bug !== 'abandon overwrites') return undefined;
  const tombstone = ended(row?.fingerprint ?? '', row?.execution ?? 0, (row?.attempt ?? 0) + 1, '');
  return { ...storage, row: { ...tombstone, state: 'abandoned', result: undefined } };
}

export function purge(storage: Storage, bug?: Bug): Storage | undefined {
  const { row } = storage;
  if (!row || !(isFree(row) || (bug === 'purge of the living' && row.state === 'running'))) return undefined;
  return { ...storage, row: undefined };
}
