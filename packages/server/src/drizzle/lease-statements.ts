import { type AuditLevel, isAudited } from '../events.ts';
import { CLOCK_LEEWAY_MS, type Completion, type Lease, type Look, type NewLease, type RecordId } from '../store.ts';
import { audited } from './audit.ts';
import { dedupeParams, expiry } from './record-statements.ts';
import {
  isFree,
  isLeased,
  ms,
  NOW_MS,
  type Run,
  recordColumns,
  type Statement,
  toDate,
  toRecord,
} from './statement.ts';

/** The fence: this execution, by this attempt, not ended. */
const HELD = `r.scope = $1 and r.key = $2 and r.execution_id = $3::uuid and r.attempt = $4 and r.state = 'running'`;
const TOUCHED = 'returning r.scope, r.key, r.operation, r.execution_id, r.attempt';

function fence({ id, executionId, attempt }: Lease): readonly (string | number)[] {
  return [id.scope, id.key, executionId, attempt];
}

/**
 * Claims, takes over, or reads who is there: one statement, one flight. A record that is committed between its snapshot
 * and its insert is in neither answer; the caller looks again.
 *
 * Fails on the dedupe index if another execution holds the dedupe key.
 */
export async function claimLease(
  run: Run,
  id: RecordId,
  lease: NewLease,
  level: AuditLevel,
): Promise<Look & { readonly lease?: Lease }> {
  const [row] = await run(claimStatement(id, lease, level));
  const now = toDate(row?.['now']);
  const executionId = row?.['claimed_id'];
  if (typeof executionId !== 'string') return { now, record: toRecord(row) };
  const isTakeover = executionId !== lease.executionId;
  return { now, record: undefined, lease: { id, executionId, attempt: Number(row?.['claimed_attempt']), isTakeover } };
}

function claimStatement({ scope, key }: RecordId, lease: NewLease, level: AuditLevel): Statement {
  const kind = [
    isAudited('taken-over', level) ? `when execution_id <> $5::uuid then 'taken-over'` : '',
    isAudited('claimed', level) ? `when execution_id = $5::uuid then 'claimed'` : '',
  ].join(' ');
  return {
    text: `with before as (
        select b.execution_id from oncekey_records b where b.scope = $1 and b.key = $2 and ${isFree('b')}),
      claimed as (
        insert into oncekey_records as r (scope, key, operation, fingerprint, execution_id, state, lease_expires_at,
          dedupe_key, dedupe_until, expires_at)
        select $1, $2, $3, decode($4, 'hex'), $5::uuid, 'running', now() + ${ms('$6')},
          $7, now() + ${ms('$8')}, ${expiry('$9', '$10')}
        where $9::double precision is null
          or extract(epoch from clock_timestamp()) * 1000 - $9 between -${CLOCK_LEEWAY_MS} and $10::double precision
          or exists (select from oncekey_records where scope = $1 and key = $2 and not ${isFree('oncekey_records')})
        on conflict (scope, key) do update set
          operation = excluded.operation,
          fingerprint = excluded.fingerprint,
          execution_id = case when ${isFree('r')} then excluded.execution_id else r.execution_id end,
          created_at = case when ${isFree('r')} then excluded.created_at else r.created_at end,
          expires_at = case when ${isFree('r')} then excluded.expires_at else r.expires_at end,
          state = 'running',
          attempt = r.attempt + 1,
          result = null,
          lease_expires_at = excluded.lease_expires_at,
          dedupe_key = excluded.dedupe_key,
          dedupe_until = excluded.dedupe_until
        where ${isFree('r')} or (r.state = 'running' and not ${isLeased('r')}
          and r.operation = excluded.operation and r.fingerprint = excluded.fingerprint)
        ${TOUCHED}
      ), left_over as (
        delete from oncekey_steps s using before b, claimed c
        where s.scope = $1 and s.execution_id = b.execution_id and c.execution_id <> b.execution_id
      )${
        kind.trim() &&
        `, told as (
        insert into oncekey_events (kind, scope, key, operation, execution_id, attempt, actor)
        select case ${kind} end, scope, key, operation, execution_id, attempt, $11::text from claimed
        where case ${kind} end is not null)`
      }
      select ${NOW_MS} as now, c.execution_id::text as claimed_id, c.attempt as claimed_attempt, ${recordColumns('r')}
      from (select) as clock left join claimed c on true
        left join oncekey_records r on r.scope = $1 and r.key = $2 and c.execution_id is null`,
    params: [
      scope,
      key,
      lease.operation,
      lease.fingerprint,
      lease.executionId,
      lease.leaseMs,
      ...dedupeParams(lease.dedupe),
      lease.bornAt ?? null,
      lease.retentionMs,
      ...(kind.trim() ? [lease.actor ?? null] : []),
    ],
  };
}

/** All leases of a process, whose tick it is. */
export async function renewLeases(run: Run, leases: readonly Lease[], leaseMs: number): Promise<readonly Lease[]> {
  const wanted = leases.map(({ id, executionId, attempt }) => ({ ...id, execution: executionId, attempt }));
  const rows = await run({
    text: `update oncekey_records r set lease_expires_at = now() + ${ms('$2')}
      from jsonb_to_recordset($1::jsonb) as l(scope text, key text, execution uuid, attempt integer)
      where r.scope = l.scope and r.key = l.key and r.execution_id = l.execution and r.attempt = l.attempt
        and r.state = 'running'
      returning r.execution_id::text as execution_id`,
    params: [JSON.stringify(wanted), leaseMs],
  });
  const held = new Set(rows.map((row) => row['execution_id']));
  return leases.filter((lease) => held.has(lease.executionId));
}

/** `false`: it was not held any more, or its end had been written before. */
export async function completeLease(
  run: Run,
  lease: Lease,
  { state, result, keepsDedupe, actor }: Completion,
  level: AuditLevel,
): Promise<boolean> {
  const update = {
    text: `update oncekey_records r set state = $5, result = $6, lease_expires_at = null,
        dedupe_key = case when $7::boolean then r.dedupe_key end,
        dedupe_until = case when $7::boolean then r.dedupe_until end
      where ${HELD} ${TOUCHED}`,
    params: [...fence(lease), state, result, keepsDedupe],
  };
  return (await run(audited(state, level, update, { actor }))).length > 0;
}

export async function releaseLease(
  run: Run,
  lease: Lease,
  actor: string | undefined,
  level: AuditLevel,
): Promise<void> {
  const update = {
    text: `update oncekey_records r set lease_expires_at = now() where ${HELD} ${TOUCHED}`,
    params: fence(lease),
  };
  await run(audited('released', level, update, { actor }));
}

export async function findSteps(run: Run, { id, executionId }: Lease): Promise<ReadonlyMap<string, string | null>> {
  const rows = await run({
    text: 'select name, result from oncekey_steps where scope = $1 and execution_id = $2::uuid',
    params: [id.scope, executionId],
  });
  return new Map(rows.map((row) => [String(row['name']), toResult(row)]));
}

/**
 * Stores a step's result, the first one for good. Locks the record's row for the rest of the transaction, so that no
 * takeover comes between the fence and the commit; it is sent last, since heartbeats wait for it too.
 */
export async function insertStep(
  run: Run,
  lease: Lease,
  name: string,
  result: string | null,
): Promise<{ readonly result: string | null } | undefined> {
  const [row] = await run({
    text: `with held as (select r.scope, r.execution_id, r.attempt from oncekey_records r where ${HELD} for no key update)
      insert into oncekey_steps (scope, execution_id, name, attempt, result)
      select scope, execution_id, $5, attempt, $6 from held
      on conflict (scope, execution_id, name) do update set result = oncekey_steps.result
      returning result`,
    params: [...fence(lease), name, result],
  });
  return row && { result: toResult(row) };
}

/** Fails with {@link FENCED} if the lease is lost, and the transaction with it. */
export async function insertStepOrFail(run: Run, lease: Lease, name: string, result: string | null): Promise<void> {
  await run({
    text: `insert into oncekey_steps (scope, execution_id, name, attempt, result)
      values ($1, (select r.execution_id from oncekey_records r where ${HELD} for no key update), $5, $4, $6)`,
    params: [...fence(lease), name, result],
  });
}

/** not_null_violation: there was no held record to take the execution from. */
export const FENCED = '23502';

function toResult(row: Readonly<Record<string, unknown>>): string | null {
  return typeof row['result'] === 'string' ? row['result'] : null;
}
