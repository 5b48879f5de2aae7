import type { Run } from '../drizzle/statement.ts';
import { bytes, table } from './output.ts';

/** What became of a key, in every scope or in one. `undefined`: it was never seen. */
export async function show(
  run: Run,
  key: string,
  scope: string | undefined,
): Promise<{ readonly json: object; readonly text: string } | undefined> {
  const records = await findRecords(run, key, scope);
  const events = await findEvents(run, key, scope);
  if (records.length === 0 && events.length === 0) return undefined;
  const steps = await findSteps(
    run,
    records.map((record) => String(record['execution_id'])),
  );
  const text = [
    ...records.map((record) =>
      table(Object.entries(record).map(([name, value]) => [name.replace('_', ' '), shown(name, value)])),
    ),
    steps.length > 0
      ? `steps\n${table(steps.map((row) => [String(row['at']), String(row['name']), `attempt ${row['attempt']}`]))}`
      : '',
    events.length > 0
      ? `events\n${table(events.map((row) => [row['at'], row['kind'], row['scope'], row['actor']].map((cell) => String(cell ?? ''))))}`
      : '',
  ];
  return { json: { records, steps, events }, text: text.filter(Boolean).join('\n\n') };
}

function shown(name: string, value: unknown): string {
  return name === 'result_bytes' && value !== null ? bytes(Number(value)) : String(value ?? '–');
}

async function findRecords(run: Run, key: string, scope: string | undefined) {
  return run({
    text: `select scope, operation,
        case when state = 'running' and lease_expires_at <= now() then 'interrupted' else state end as state,
        attempt, execution_id::text as execution_id, created_at::text as created_at, expires_at::text as expires_at,
        expires_at <= now() as expired, lease_expires_at::text as lease_expires_at,
        dedupe_key is not null as holds_dedupe_key, octet_length(result) as result_bytes
      from oncekey_records where key = $1 and ($2::text is null or scope = $2) order by created_at`,
    params: [key, scope ?? null],
  });
}

async function findSteps(run: Run, executions: readonly string[]) {
  return run({
    text: `select execution_id::text as execution_id, name, attempt, created_at::text as at from oncekey_steps
      where execution_id in (select value::uuid from jsonb_array_elements_text($1::jsonb)) order by created_at`,
    params: [JSON.stringify(executions)],
  });
}

async function findEvents(run: Run, key: string, scope: string | undefined) {
  return run({
    text: `select at::text as at, kind, scope, operation, execution_id::text as execution_id, attempt, actor, detail
      from oncekey_events where key = $1 and ($2::text is null or scope = $2) order by id`,
    params: [key, scope ?? null],
  });
}
