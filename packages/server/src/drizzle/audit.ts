import { type AuditKind, type AuditLevel, isAudited } from '../events.ts';
import type { Note } from '../store.ts';
import type { Run, Statement } from './statement.ts';

/**
 * Adds to a statement that changes one record the event that tells of it, if this level keeps its kind: written together
 * or not at all, in the same flight.
 *
 * @param statement one whose `returning` has scope, key, operation, execution_id and attempt
 */
export function audited(
  kind: AuditKind,
  level: AuditLevel,
  statement: Statement,
  { actor, detail }: { readonly actor?: string | undefined; readonly detail?: string | undefined } = {},
): Statement {
  if (!isAudited(kind, level)) return statement;
  const { text, params } = statement;
  return {
    text: `with changed as (${text}), told as (
      insert into oncekey_events (kind, scope, key, operation, execution_id, attempt, actor, detail)
      select '${kind}', scope, key, operation, execution_id, attempt, $${params.length + 1}::text,
        $${params.length + 2}::jsonb from changed)
      select * from changed`,
    params: [...params, actor ?? null, detail ?? null],
  };
}

export async function insertEvents(run: Run, notes: readonly Note[]): Promise<void> {
  const rows = notes.map(({ kind, id, operation, executionId, attempt, actor, detail }) => ({
    kind,
    scope: id.scope,
    key: id.key,
    operation,
    execution_id: executionId,
    attempt,
    actor,
    detail,
  }));
  await run({
    text: `insert into oncekey_events (kind, scope, key, operation, execution_id, attempt, actor, detail)
      select * from jsonb_to_recordset($1::jsonb) as e(kind text, scope text, key text, operation text,
        execution_id uuid, attempt integer, actor text, detail jsonb)`,
    params: [JSON.stringify(rows)],
  });
}
