import type { StoredRecord } from '../store.ts';

type Row = Readonly<Record<string, unknown>>;

/** A statement and its parameters, in order of `$1`, `$2`, … */
export interface Statement {
  readonly text: string;
  readonly params: readonly (string | number | boolean | null)[];
}

/** Runs a statement where the caller wants it: in a transaction, outside of one, on any driver. */
export type Run = (statement: Statement) => Promise<readonly Row[]>;

/**
 * The database's clock in ms, read *after* the statement's snapshot: where that shows no record since a purge has deleted
 * it, this says so too, while `now()` would still be the transaction's beginning, and the key not yet too old. As a number,
 * since drivers differ in how they parse times; `date_part` takes half the time of `extract`, which is numeric.
 */
export const NOW_MS = msOf('clock_timestamp()');

function msOf(time: string): string {
  return `date_part('epoch', ${time}) * 1000`;
}

/** Ms as an interval. */
export function ms(param: string): string {
  return `${param}::double precision * interval '1 millisecond'`;
}

/** A record's columns, as {@link toRecord} reads them. */
export function recordColumns(r: string): string {
  return `${r}.key, ${r}.state, ${r}.operation, encode(${r}.fingerprint, 'hex') as fingerprint,
    ${r}.execution_id::text as execution_id, ${r}.attempt, ${r}.result,
    ${msOf(`${r}.created_at`)} as created_at,
    ${isLeased(r)} as leased, ${r}.expires_at <= now() and not ${isLeased(r)} as expired`;
}

/** Whether the owner may be alive. */
export function isLeased(r: string): string {
  return `(${r}.state = 'running' and ${r}.lease_expires_at > now())`;
}

/** Whether a row may be taken for a new execution: its retention is over, and nobody is at work on it. */
export function isFree(r: string): string {
  return `(${r}.expires_at <= now() and not ${isLeased(r)})`;
}

/** `undefined` for a row whose record was not there. */
export function toRecord(row: Row | undefined): StoredRecord | undefined {
  if (typeof row?.['key'] !== 'string') return undefined;
  const result = row['result'];
  return {
    key: row['key'],
    state: row['state'] as StoredRecord['state'],
    operation: String(row['operation']),
    fingerprint: String(row['fingerprint']),
    executionId: String(row['execution_id']),
    attempt: Number(row['attempt']),
    result: typeof result === 'string' ? result : null,
    createdAt: new Date(Number(row['created_at'])),
    expired: row['expired'] === true,
    leased: row['leased'] === true,
  };
}

export function toDate(value: unknown): Date {
  return new Date(Number(value));
}
