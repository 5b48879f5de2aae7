import { createKey, parseKey } from '@oncekey/core';
import { drizzleStore } from '@oncekey/server/drizzle';
import type { Sql } from 'postgres';
import { type Report, untimed } from '../report.ts';
import { type Contestant, measure, type Rounds } from '../rounds.ts';
import { open } from '../systems/database.ts';

const WHERE = { rtt: 0, concurrency: 1 };
const PREPARED = { prepare: true };
/** Two days by the hour: a key may be a day old when it is claimed, and its record is kept for another. */
const HOURS = 48;
const SAMPLE = 5_000;

/**
 * One table with a purge, as it is, beside the design that was not built: partitions by the time in the key, so that the
 * end of a record is a DROP TABLE.
 */
export async function partitions(report: Report, url: string, records: number, rounds: Rounds): Promise<void> {
  await using pool = open(url, 1);
  const { client: sql, db } = pool;
  await createPartitions(sql);
  await fill(sql, records);
  const sample = await sql<{ key: string }[]>`select key from oncekey_records order by random() limit ${SAMPLE}`;

  const measured = await measure(
    [
      inTurn('look-up, one table', (turn) => lookUp(sql, sample[turn % SAMPLE]?.key ?? '')),
      inTurn('look-up, partitions', (turn) => lookUp(sql, sample[turn % SAMPLE]?.key ?? '', true)),
      inTurn('insert, one table', () => insert(sql, createKey())),
      inTurn('insert, partitions', () => insert(sql, createKey(), true)),
    ],
    rounds,
  );
  const lines = measured.map(({ name, p50, p99 }) => {
    report.keep({ ...untimed('partitions', name, WHERE), p50_ms: p50, p99_ms: p99 });
    return [name, p50.toFixed(3), p99.toFixed(3)];
  });
  const title = `${records.toLocaleString('en')} records in one table, and in ${HOURS} partitions`;
  report.show(title, ['statement', 'p50 ms', 'p99 ms'], lines);

  await sql`update oncekey_records set expires_at = now() - interval '1 hour'`;
  await sql`vacuum (analyze) oncekey_records`;
  await sql`checkpoint`;
  const store = drizzleStore(db);
  const ends = {
    'purge, one table': await costOf(sql, async () => {
      while ((await store.purge(500, 1)).records > 0);
    }),
    'drop, partitions': await costOf(sql, () => dropPartitions(sql)),
  };
  const costs = Object.entries(ends).map(([name, cost]) => {
    report.keep({ ...untimed('partitions', name, WHERE), ...cost });
    return [name, cost.ms.toFixed(0), (cost.wal_bytes / 1e6).toFixed(1)];
  });
  report.show('The end of them all', ['', 'ms', 'WAL MB'], costs);
}

function inTurn(name: string, run: (turn: number) => Promise<unknown>): Contestant {
  let turn = 0;
  return { name, run: () => run(turn++) };
}

/** The planner finds the partition by the time that is in the key. */
async function lookUp(sql: Sql, key: string, byTime = false): Promise<void> {
  const rows = byTime
    ? await sql.unsafe(
        'select state, result from by_time where scope = $1 and key = $2 and born_at = $3',
        ['bench', key, bornAt(key)],
        PREPARED,
      )
    : await sql.unsafe(
        'select state, result from oncekey_records where scope = $1 and key = $2',
        ['bench', key],
        PREPARED,
      );
  if (rows.length !== 1) throw new Error(`no record under ${key}`);
}

async function insert(sql: Sql, key: string, byTime = false): Promise<void> {
  const values = `$1, $2, 'effect', '\\xab', $3::uuid, '{"id":1,"note":"a small note"}', now() + interval '1 day'`;
  const columns = 'scope, key, operation, fingerprint, execution_id, result, expires_at';
  if (byTime) {
    const text = `insert into by_time (${columns}, born_at) values (${values}, $4)`;
    await sql.unsafe(text, ['bench', key, createKey(), bornAt(key)], PREPARED);
  } else {
    const text = `insert into oncekey_records (${columns}) values (${values})`;
    await sql.unsafe(text, ['bench', key, createKey()], PREPARED);
  }
}

function bornAt(key: string): string {
  const parsed = parseKey(key);
  return (parsed.ok && parsed.bornAt?.toISOString()) || '-infinity';
}

/** Without the index on the expiry, which a DROP TABLE does not need, and without dedupe keys, which it cannot have. */
async function createPartitions(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create table by_time (like oncekey_records including defaults including constraints, born_at timestamptz not null,
      primary key (scope, key, born_at)) partition by range (born_at);
    do $$ declare start timestamptz; begin
      for hour in -${HOURS - 2}..1 loop
        start := date_trunc('hour', now()) + make_interval(hours => hour);
        execute format('create table by_time_%s partition of by_time for values from (%L) to (%L)',
          hour + ${HOURS}, start, start + interval '1 hour');
      end loop;
    end $$`);
}

/** As they would have come to be over the last day, the same in both. */
async function fill(sql: Sql, records: number): Promise<void> {
  await sql`
    insert into oncekey_records (scope, key, operation, fingerprint, execution_id, state, result, created_at, expires_at)
    select 'bench', uuidv7(age)::text, 'effect', sha256(n::text::bytea), uuidv7(age), 'succeeded',
      '{"id":1,"note":"a small note"}', now() + age, now() + age + interval '1 day'
    from (select n, make_interval(secs => (n - ${records}) * 80000.0 / ${records}) as age
      from generate_series(1, ${records}::int) n) as records`;
  await sql`insert into by_time select r.*, uuid_extract_timestamp(r.key::uuid) from oncekey_records r`;
  await sql`vacuum (freeze, analyze) oncekey_records, by_time`;
  await sql`checkpoint`;
}

async function dropPartitions(sql: Sql): Promise<void> {
  const found = await sql<{ name: string }[]>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'by_time'::regclass`;
  for (const { name } of found) await sql.unsafe(`drop table ${name}`);
}

async function costOf(
  sql: Sql,
  work: () => Promise<void>,
): Promise<{ readonly ms: number; readonly wal_bytes: number }> {
  const at = async () => {
    const [row] = await sql<{ bytes: number }[]>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`;
    return row?.bytes ?? Number.NaN;
  };
  const [before, begun] = [await at(), performance.now()];
  await work();
  const ms = performance.now() - begun;
  return { ms, wal_bytes: (await at()) - before };
}
