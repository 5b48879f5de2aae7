import { createKey } from '@oncekey/core';
import { drizzleStore } from '@oncekey/server/drizzle';
import { createDatabase } from '../database.ts';
import { type Report, untimed } from '../report.ts';
import { type Contestant, measure, type Rounds } from '../rounds.ts';
import { open } from '../systems/database.ts';

const BATCH = 1_000_000;
const SAMPLE = 5_000;
const WHERE = { rtt: 0, concurrency: 1 };
const DAY_MS = 86_400_000;

/** Look-up and claim with few and with many records, side by side in two databases. */
export async function growth(
  report: Report,
  serverUrl: string,
  sizes: readonly number[],
  rounds: Rounds,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const contestants: Contestant[] = [];
  const grown: { name: string; bytes: number }[] = [];
  for (const size of sizes) {
    const pool = stack.use(open(await createDatabase(serverUrl, `growth_${size}`), 1));
    await fill(pool.client, size);
    // Read all over the table, not only its hot end.
    const part = Math.min(100, (300 * SAMPLE) / size);
    const keys = await pool.client<{ key: string }[]>`
      select key from oncekey_records tablesample bernoulli (${part}) order by random() limit ${SAMPLE}`;
    const [weight] = await pool.client<{ bytes: number }[]>`
      select pg_total_relation_size('oncekey_records')::float8 / ${size} as bytes`;
    const store = drizzleStore(pool.db);
    let turn = 0;
    const name = size.toLocaleString('en');
    grown.push({ name, bytes: weight?.bytes ?? Number.NaN });
    contestants.push(
      {
        name: `look-up, ${name}`,
        async run() {
          const key = keys[turn++ % keys.length]?.key ?? '';
          const { record } = await store.look({ scope: 'bench', key });
          if (!record) throw new Error(`no record under ${key}`);
        },
      },
      {
        name: `claim, ${name}`,
        run: () =>
          store.claim(
            { scope: 'bench', key: createKey() },
            {
              operation: 'effect',
              fingerprint: 'ab'.repeat(32),
              executionId: createKey(),
              retentionMs: DAY_MS,
              leaseMs: 30_000,
            },
          ),
      },
    );
  }
  const measured = await measure(contestants, rounds);
  const lines = grown.map(({ name, bytes }) => {
    const p50 = ['look-up', 'claim'].map((what) => measured.find((each) => each.name === `${what}, ${name}`)?.p50);
    const [lookUp = null, claim = null] = p50;
    report.keep({ ...untimed('growth', `${name} records`, WHERE), look_up_p50_ms: lookUp, claim_p50_ms: claim, bytes });
    return [name, ...p50.map((each) => each?.toFixed(3) ?? ''), bytes.toFixed(0)];
  });
  report.show('Growth', ['records', 'look-up p50 ms', 'claim p50 ms', 'bytes a record, with indexes'], lines);
}

/** Records as they would have come to be over the last day: keys and execution ids in the order of time. */
async function fill(sql: ReturnType<typeof open>['client'], size: number): Promise<void> {
  for (let from = 0; from < size; from += BATCH) {
    const to = Math.min(size, from + BATCH);
    await sql`
      insert into oncekey_records (scope, key, operation, fingerprint, execution_id, state, result, created_at, expires_at)
      select 'bench', uuidv7(age)::text, 'effect', sha256(n::text::bytea), uuidv7(age), 'succeeded',
        '{"id":1,"note":"a small note"}', now() + age, now() + age + interval '1 day'
      from (select n, make_interval(secs => (n - ${size}) * 80000.0 / ${size}) as age
        from generate_series(${from + 1}::bigint, ${to}::bigint) n) as records`;
  }
  // What the load left behind is not a claim's to pay for.
  await sql`vacuum (freeze, analyze) oncekey_records`;
  await sql`checkpoint`;
}
