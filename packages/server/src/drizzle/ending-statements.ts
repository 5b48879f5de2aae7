import { type AuditLevel, isAudited } from '../events.ts';
import type { NewRecord, PurgeBatch, RecordId, SettledOutcome } from '../store.ts';
import { audited } from './audit.ts';
import { expiry } from './record-statements.ts';
import { isFree, isLeased, ms, type Run } from './statement.ts';

/**
 * A tombstone for a key that was never seen, or whose owner is gone. Where a transaction has inserted its record and
 * not committed, this waits for its end; where it has not inserted yet, it never will.
 */
export async function insertTombstone(
  run: Run,
  { scope, key }: RecordId,
  executionId: string,
  { bornAt, retentionMs, actor }: Pick<NewRecord, 'bornAt' | 'retentionMs' | 'actor'>,
  level: AuditLevel,
): Promise<boolean> {
  const insert = {
    text: `insert into oncekey_records as r (scope, key, operation, fingerprint, execution_id, state, expires_at)
      values ($1, $2, '', '', $3::uuid, 'abandoned', ${expiry('$4', '$5')})
      on conflict (scope, key) do update set state = 'abandoned', attempt = r.attempt + 1, result = null,
        lease_expires_at = null, dedupe_key = null, dedupe_until = null,
        expires_at = greatest(r.expires_at, excluded.expires_at)
      where ${isFree('r')} or (r.state = 'running' and not ${isLeased('r')})
      returning scope, key, operation, execution_id, attempt`,
    params: [scope, key, executionId, bornAt ?? null, retentionMs],
  };
  return (await run(audited('abandoned', level, insert, { actor }))).length > 0;
}

/** By execution and not by key: the end of an old job must not free a new one's. */
export async function freeDedupe(
  run: Run,
  executionId: string,
  outcome: SettledOutcome,
  level: AuditLevel,
): Promise<boolean> {
  const update = {
    text: `update oncekey_records r set dedupe_key = null
      where r.execution_id = $1::uuid and r.dedupe_key is not null and r.dedupe_until is null
      returning scope, key, operation, execution_id, attempt`,
    params: [executionId],
  };
  const detail = JSON.stringify({ outcome });
  return (await run(audited('settled', level, update, { detail }))).length > 0;
}

/** Skips what a claim is taking over at this moment. Steps go with their record. */
export async function deleteExpired(run: Run, limit: number, level: AuditLevel): Promise<number> {
  const told = `, told as (
      insert into oncekey_events (kind, scope, key, operation, execution_id, attempt)
      select 'purged', scope, key, operation, execution_id, attempt from gone)`;
  const [row] = await run({
    text: `with doomed as materialized (
        select r.scope, r.key from oncekey_records r where ${isFree('r')} order by r.expires_at limit $1
        for update skip locked),
      gone as (
        delete from oncekey_records r using doomed d where r.scope = d.scope and r.key = d.key
        returning r.scope, r.key, r.operation, r.execution_id, r.attempt),
      steps as (
        delete from oncekey_steps s using gone g where s.scope = g.scope and s.execution_id = g.execution_id)
        ${isAudited('purged', level) ? told : ''}
      select count(*)::int as count from gone`,
    params: [limit],
  });
  return Number(row?.['count']);
}

export async function deleteOldEvents(run: Run, limit: number, eventsMs: number): Promise<PurgeBatch['events']> {
  const [row] = await run({
    text: `with doomed as materialized (
        select id from oncekey_events where at < now() - ${ms('$2')} limit $1 for update skip locked),
      gone as (delete from oncekey_events e using doomed d where e.id = d.id returning e.id)
      select count(*)::int as count from gone`,
    params: [limit, eventsMs],
  });
  return Number(row?.['count']);
}
