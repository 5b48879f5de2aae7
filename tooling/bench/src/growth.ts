import { createKey } from '@oncekey/core';
import { drizzleStore } from '@oncekey/server/drizzle';
import type postgres from 'postgres';
import { measure } from './rounds.ts';
import { open } from './systems/database.ts';

/** Look-up and claim, in ms, with so many records in the table. */
export async function growth(url: string, sql: postgres.Sql, sizes: readonly number[]) {
  const results: { records: number; lookUp: number; claim: number; bytes: number }[] = [];
  let have = 0;
  await sql`truncate oncekey_records`;
  for (const size of sizes) {
    await sql`
      insert into oncekey_records (scope, key, operation, fingerprint, execution_id, state, result, expires_at)
      select 'bench', 'bulk ' || lpad(n::text, 12, '0'), 'effect', sha256('x'), gen_random_uuid(), 'succeeded',
        '{"id":1}', now() + interval '1 day' from generate_series(${have + 1}::bigint, ${size}::bigint) n`;
    have = size;
    await sql`vacuum analyze oncekey_records`;
    await sql`checkpoint`;
    await using pool = open(url, 1);
    const store = drizzleStore(pool.db);
    const lease = { operation: 'effect', fingerprint: '', executionId: '', retentionMs: 86_400_000, leaseMs: 30_000 };
    const [lookUp, claim] = await measure(
      [
        {
          name: 'look',
          run: () =>
            store.look({
              scope: 'bench',
              key: `bulk ${String(1 + Math.floor(Math.random() * size)).padStart(12, '0')}`,
            }),
        },
        {
          name: 'claim',
          run: () =>
            store.claim(
              { scope: 'bench', key: createKey() },
              { ...lease, fingerprint: 'ab'.repeat(32), executionId: createKey() },
            ),
        },
      ],
      { rounds: 3, roundMs: 800, concurrency: 1 },
    );
    const [{ bytes = '0' } = {}] = await sql<{ bytes: string }[]>`
      select (pg_total_relation_size('oncekey_records') / count(*))::text as bytes from oncekey_records`;
    results.push({ records: size, lookUp: lookUp?.p50 ?? 0, claim: claim?.p50 ?? 0, bytes: Number(bytes) });
  }
  return results;
}
