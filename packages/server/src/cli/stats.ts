import type { Run } from '../drizzle/statement.ts';
import { bytes, table } from './output.ts';

/** One pass over the records, which reads all of them: not for every minute. */
export async function stats(run: Run): Promise<{ readonly json: object; readonly text: string }> {
  const [row] = await run({
    text: `select count(*)::int as records,
        count(*) filter (where state = 'succeeded')::int as succeeded,
        count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state = 'abandoned')::int as abandoned,
        count(*) filter (where state = 'running' and lease_expires_at > now())::int as running,
        count(*) filter (where state = 'running' and lease_expires_at <= now())::int as interrupted,
        count(*) filter (where expires_at <= now())::int as expired,
        count(*) filter (where dedupe_key is not null)::int as dedupe_keys,
        min(created_at)::text as oldest,
        (select count(*)::int from oncekey_steps) as steps,
        (select count(*)::int from oncekey_events) as events,
        pg_total_relation_size('oncekey_records')::text as records_bytes,
        pg_total_relation_size('oncekey_steps')::text as steps_bytes,
        pg_total_relation_size('oncekey_events')::text as events_bytes
      from oncekey_records`,
    params: [],
  });
  const numbers = Object.fromEntries(
    Object.entries(row ?? {}).map(([name, value]) => [name, name.endsWith('_bytes') ? Number(value) : value]),
  );
  const shown = Object.entries(numbers).map(([name, value]) =>
    name.endsWith('_bytes')
      ? [name.replace('_bytes', ', with indexes'), bytes(Number(value))]
      : [name.replace('_', ' '), String(value ?? '–')],
  );
  return { json: numbers, text: table(shown) };
}
