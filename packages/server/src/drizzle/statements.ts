import type { NewRecord, RecordId, StoredRecord } from '../store.ts';

/** A statement and its parameters, in order of `$1`, `$2`, … */
export interface Statement {
  readonly text: string;
  readonly params: readonly (string | number | null)[];
}

/** Runs a statement where the caller wants it: in a transaction, outside of one, on any driver. */
export type Run = (statement: Statement) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** The primary key: what makes one effect per key true. */
export const UNIQUE_KEY = 'oncekey_records_pkey';

/**
 * Tries the lock of an id for this transaction, without waiting. The length delimits scope and key; two ids that hash
 * alike only wait for each other.
 */
export async function tryLock(run: Run, { scope, key }: RecordId): Promise<boolean> {
  const [row] = await run({
    text: 'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked',
    params: [`oncekey:${scope.length}:${scope}${key}`],
  });
  return row?.['locked'] === true;
}

/** One read by primary key. Times come as text in ms: drivers differ in how they parse them. */
export async function findRecord(run: Run, { scope, key }: RecordId): Promise<StoredRecord | undefined> {
  const [row] = await run({
    text: `select operation, encode(fingerprint, 'hex') as fingerprint, execution_id::text as execution_id, result,
        floor(extract(epoch from created_at) * 1000)::text as created_at, expires_at <= now() as expired
      from oncekey_records where scope = $1 and key = $2`,
    params: [scope, key],
  });
  if (!row) return undefined;
  const result = row['result'];
  return {
    operation: String(row['operation']),
    fingerprint: String(row['fingerprint']),
    executionId: String(row['execution_id']),
    result: typeof result === 'string' ? result : null,
    createdAt: new Date(Number(row['created_at'])),
    expired: row['expired'] === true,
  };
}

/** Makes room for a new record where an expired one was found that no purge has taken yet. */
export async function deleteExpired(run: Run, { scope, key }: RecordId): Promise<void> {
  await run({
    text: 'delete from oncekey_records where scope = $1 and key = $2 and expires_at <= now()',
    params: [scope, key],
  });
}

/**
 * Writes the record of an execution. Where another transaction has inserted one and not committed, this waits for its
 * end. Fails on {@link UNIQUE_KEY} if a record is there, and the transaction with it: no COMMIT after that commits.
 */
export async function insertRecord(run: Run, { scope, key }: RecordId, record: NewRecord): Promise<void> {
  await run({
    text: `insert into oncekey_records (scope, key, operation, fingerprint, execution_id, result, expires_at)
      values ($1, $2, $3, decode($4, 'hex'), $5::uuid, $6, now() + $7::double precision * interval '1 millisecond')`,
    params: [scope, key, record.operation, record.fingerprint, record.executionId, record.result, record.retentionMs],
  });
}
