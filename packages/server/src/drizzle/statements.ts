import { type SQL, sql } from 'drizzle-orm';
import type { NewRecord, RecordId, StoredRecord } from '../store.ts';
import { oncekeyRecords as records } from './tables.ts';

/** What runs SQL: a database or a transaction of any of Drizzle's PostgreSQL drivers. */
export interface Runs {
  execute(query: SQL): PromiseLike<unknown>;
}

/**
 * Tries the lock of an id for this transaction, without waiting. The length delimits scope and key; two ids that hash
 * alike only wait for each other.
 */
export async function tryLock(tx: Runs, { scope, key }: RecordId): Promise<boolean> {
  const name = `oncekey:${scope.length}:${scope}${key}`;
  const [row] = rowsOf<{ locked: boolean }>(
    await tx.execute(sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`),
  );
  return row?.locked === true;
}

interface RecordRow {
  readonly operation: string;
  readonly fingerprint: string;
  readonly execution_id: string;
  readonly result: string | null;
  /** In ms as text: drivers differ in how they parse times. */
  readonly created_at: string;
  readonly expired: boolean;
}

/** One read by primary key. */
export async function findRecord(db: Runs, { scope, key }: RecordId): Promise<StoredRecord | undefined> {
  const [row] = rowsOf<RecordRow>(
    await db.execute(sql`
      select operation, encode(fingerprint, 'hex') as fingerprint, execution_id::text, result,
        (extract(epoch from created_at) * 1000)::bigint::text as created_at, expires_at <= now() as expired
      from ${records} where scope = ${scope} and key = ${key}`),
  );
  return (
    row && {
      operation: row.operation,
      fingerprint: row.fingerprint,
      executionId: row.execution_id,
      result: row.result,
      createdAt: new Date(Number(row.created_at)),
      expired: row.expired,
    }
  );
}

/**
 * Writes the record of an execution; `false` if a live one is there already. An expired one that no purge has taken yet
 * gives way. Where a racing transaction has inserted and not committed, this waits for its end.
 */
export async function insertRecord(tx: Runs, { scope, key }: RecordId, record: NewRecord): Promise<boolean> {
  const rows = rowsOf(
    await tx.execute(sql`
      insert into ${records} as live (scope, key, operation, fingerprint, execution_id, result, expires_at)
      values (${scope}, ${key}, ${record.operation}, decode(${record.fingerprint}, 'hex'), ${record.executionId},
        ${record.result}, now() + ${record.retentionMs}::double precision * interval '1 millisecond')
      on conflict (scope, key) do update set operation = excluded.operation, fingerprint = excluded.fingerprint,
        execution_id = excluded.execution_id, result = excluded.result, created_at = excluded.created_at,
        expires_at = excluded.expires_at
      where live.expires_at <= now()
      returning 1 as written`),
  );
  return rows.length === 1;
}

/** postgres.js answers with the rows themselves, node-postgres and PGlite with `{ rows }`. */
function rowsOf<Row>(result: unknown): readonly Row[] {
  if (Array.isArray(result)) return result;
  return (result as { readonly rows: readonly Row[] }).rows;
}
