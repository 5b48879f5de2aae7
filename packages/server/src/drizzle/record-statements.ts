import { type AuditLevel, isAudited } from '../events.ts';
import type { Dedupe, Look, NewRecord, RecordId, StoredRecord } from '../store.ts';
import { audited } from './audit.ts';
import { isFree, isLeased, ms, NOW_MS, type Run, recordColumns, toDate, toRecord } from './statement.ts';

/** The primary key and the dedupe index: what makes one effect per key true. */
export const UNIQUE_KEYS: ReadonlySet<unknown> = new Set(['oncekey_records_pkey', 'oncekey_records_dedupe_idx']);

/** What a dedupe key is held for. */
export interface DedupeId {
  readonly scope: string;
  readonly operation: string;
  readonly key: string;
}

/** The name of an id's lock. The lengths delimit the parts; two ids that hash alike only wait for each other. */
function lockOf({ scope, key }: RecordId): string {
  return `oncekey:${scope.length}:${scope}${key}`;
}

export async function tryDedupeLock(run: Run, { scope, operation, key }: DedupeId): Promise<boolean> {
  const name = `oncekey-dedupe:${scope.length}:${operation.length}:${scope}${operation}${key}`;
  const [row] = await run({ text: `select ${tryLock('$1')} as locked`, params: [name] });
  return row?.['locked'] === true;
}

function tryLock(name: string): string {
  return `pg_try_advisory_xact_lock(hashtextextended(${name}, 0))`;
}

/**
 * The lock and the look-up in one statement. Its snapshot is older than the lock, by as much as it takes to get there: what
 * is committed in between is not seen here, and stops the record's INSERT by its unique key.
 */
export async function lockAndLookUp(run: Run, id: RecordId): Promise<Look & { readonly locked: boolean }> {
  const [row] = await run({ text: LOCK_AND_LOOK_UP, params: [id.scope, id.key, lockOf(id)] });
  return { ...toLook(row), locked: row?.['locked'] === true };
}

/** One read by primary key, with the clock. */
export async function lookUp(run: Run, { scope, key }: RecordId): Promise<Look> {
  const [row] = await run({ text: LOOK_UP, params: [scope, key] });
  return toLook(row);
}

const FOUND = `${NOW_MS} as now, ${recordColumns('r')}
  from (select) as clock left join oncekey_records r on r.scope = $1 and r.key = $2`;
const LOOK_UP = `select ${FOUND}`;
const LOCK_AND_LOOK_UP = `select ${tryLock('$3')} as locked, ${FOUND}`;

function toLook(row: Awaited<ReturnType<Run>>[number] | undefined): Look {
  return { now: toDate(row?.['now']), record: toRecord(row) };
}

/** What {@link lockAndLookUpOrFail} fails with. */
export const NOT_FREE = '22012';

/**
 * As {@link lockAndLookUp}, but fails where the id is not free, and the transaction with it: of what was sent after it nothing
 * is done, and none of it waits for anyone.
 */
export async function lockAndLookUpOrFail(run: Run, id: RecordId): Promise<Look & { readonly locked: true }> {
  const [row] = await run({
    // A division by zero: the only error that a plain SELECT can raise on purpose.
    text: `select ${NOW_MS} as now, 1 / (${tryLock('$3')}
        and not exists (select from oncekey_records r where r.scope = $1 and r.key = $2))::int as free`,
    params: [id.scope, id.key, lockOf(id)],
  });
  return { ...toLook(row), locked: true };
}

/** Whether a record holds its dedupe key: for its time, or until it is settled, but never after its owner was lost. */
const HOLDS_DEDUPE = `(r.expires_at > now() and coalesce(r.dedupe_until > now(), true)
  and (r.state <> 'running' or ${isLeased('r')}))`;

export async function findHolder(run: Run, { scope, operation, key }: DedupeId): Promise<StoredRecord | undefined> {
  const [row] = await run({
    text: `select ${recordColumns('r')} from oncekey_records r
      where r.scope = $1 and r.operation = $2 and r.dedupe_key = $3 and ${HOLDS_DEDUPE}`,
    params: [scope, operation, key],
  });
  return toRecord(row);
}

/** Takes a dedupe key from whom it no longer belongs to: the index knows no time. */
export async function clearStaleDedupe(run: Run, { scope, operation, key }: DedupeId): Promise<void> {
  await run({
    text: `update oncekey_records r set dedupe_key = null, dedupe_until = null
      where r.scope = $1 and r.operation = $2 and r.dedupe_key = $3 and not ${HOLDS_DEDUPE}`,
    params: [scope, operation, key],
  });
}

/** Makes room for a new record where one was found that has expired, or whose owner is gone. Its steps go with it. */
export async function deleteStale(run: Run, { scope, key }: RecordId): Promise<void> {
  await run({
    text: `with gone as (
        delete from oncekey_records r where r.scope = $1 and r.key = $2
          and (${isFree('r')} or (r.state = 'running' and not ${isLeased('r')}))
        returning r.scope, r.execution_id)
      delete from oncekey_steps s using gone g where s.scope = g.scope and s.execution_id = g.execution_id`,
    params: [scope, key],
  });
}

/**
 * Writes the record of an execution. Where another transaction has inserted one and not committed, this waits for its
 * end. Fails on one of {@link UNIQUE_KEYS} if a record is there, and the transaction with it: no COMMIT after that
 * commits.
 */
export async function insertRecord(
  run: Run,
  { scope, key }: RecordId,
  record: NewRecord,
  level: AuditLevel,
): Promise<void> {
  const { state = 'succeeded', dedupe, bornAt, actor } = record;
  const insert = {
    text: isAudited(state, level) ? INSERT_AND_TELL : INSERT,
    params: [
      scope,
      key,
      record.operation,
      record.fingerprint,
      record.executionId,
      state,
      record.result,
      ...dedupeParams(dedupe),
      bornAt ?? null,
      record.retentionMs,
    ],
  };
  await run(audited(state, level, insert, { actor }));
}

const INSERT = `insert into oncekey_records (scope, key, operation, fingerprint, execution_id, state, result,
    dedupe_key, dedupe_until, expires_at)
  values ($1, $2, $3, decode($4, 'hex'), $5::uuid, $6, $7,
    $8, now() + ${ms('$9')}, ${expiry('$10', '$11')})`;
const INSERT_AND_TELL = `${INSERT} returning scope, key, operation, execution_id, attempt`;

/** From the claim or the key's birth, whichever is later: then a key whose record is gone is known to be too old. */
export function expiry(bornAt: string, retentionMs: string): string {
  return `greatest(now(), to_timestamp(${bornAt}::double precision / 1000)) + ${ms(retentionMs)}`;
}

export function dedupeParams(dedupe: Dedupe | undefined): readonly [key: string | null, forMs: number | null] {
  return [dedupe?.key ?? null, dedupe?.forMs ?? null];
}
