import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '@oncekey/core';
import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import { type Report, untimed } from '../report.ts';
import { median, quantile, spread } from '../statistics.ts';
import { effect, open } from '../systems/database.ts';

/** Mutations and purged records a second. */
const RATE = 1_000;
const BATCH = 500;
const CONNECTIONS = 16;
const TICK_MS = 5;

/** What a purge that keeps up does to those who do not wait for it: windows with and without it, by turns. */
export async function purge(report: Report, url: string, rounds: number, windowMs: number): Promise<void> {
  await using working = open(url, CONNECTIONS);
  await using purging = open(url, 1);
  const store = drizzleStore(purging.db);
  const idempotency = createIdempotency<{ db: typeof working.db }>({
    store: drizzleStore(working.db),
    scope: () => 'bench',
  });
  const mutate = () =>
    idempotency.execute(
      { mode: 'transactional', operation: 'effect', scope: 'bench', key: createKey() },
      ({ db: tx }) => effect(tx, 'beside a purge'),
    );
  await expired(working.client, Math.ceil((rounds * windowMs * RATE) / 1_000) + 10 * BATCH);
  await load(mutate, windowMs); // warm

  const windows: { without: Window; with: Window; purged: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const without = await load(mutate, windowMs);
    const over = new AbortController();
    const purged = purgeAtRate(store, over.signal);
    const beside = await load(mutate, windowMs);
    over.abort();
    windows.push({ without, with: beside, purged: ((await purged) * 1_000) / windowMs });
  }

  const ratios = windows.map((each) => each.with.p99 / each.without.p99);
  const shown = (['without', 'with'] as const).map((what) => {
    const of = (field: keyof Window) => median(windows.map((each) => each[what][field]));
    const row = { ops: of('ops'), p50_ms: of('p50'), p99_ms: of('p99') };
    const purged = what === 'with' ? median(windows.map((each) => each.purged)) : 0;
    report.keep({ ...untimed('purge', `${what} a purge`, { rtt: 0, concurrency: CONNECTIONS }), ...row, purged });
    return [what, row.ops.toFixed(0), purged.toFixed(0), row.p50_ms.toFixed(2), row.p99_ms.toFixed(2)];
  });
  const ratio = `p99 with a purge: ${median(ratios).toFixed(2)} of that without, ±${(spread(ratios) * 100).toFixed(0)}%`;
  report.show(
    `A purge beside ${RATE} mutations a second (${ratio})`,
    ['purge', 'mutations/s', 'purged/s', 'p50 ms', 'p99 ms'],
    shown,
  );
}

interface Window {
  readonly ops: number;
  readonly p50: number;
  readonly p99: number;
}

/** Mutations that come when they come, not when the last is done: what waits in line is part of its latency. */
async function load(mutate: () => Promise<unknown>, ms: number): Promise<Window> {
  const latencies: number[] = [];
  const all: Promise<void>[] = [];
  const begun = performance.now();
  for (let sent = 0; performance.now() - begun < ms; await sleep(TICK_MS)) {
    for (const due = ((performance.now() - begun) * RATE) / 1_000; sent < due; sent++) {
      const at = performance.now();
      all.push(mutate().then(() => void latencies.push(performance.now() - at)));
    }
  }
  await Promise.all(all);
  const seconds = (performance.now() - begun) / 1_000;
  return { ops: latencies.length / seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

async function purgeAtRate(store: ReturnType<typeof drizzleStore>, signal: AbortSignal): Promise<number> {
  let purged = 0;
  const begun = performance.now();
  while (!signal.aborted) {
    if (purged <= ((performance.now() - begun) * RATE) / 1_000) purged += (await store.purge(BATCH, 1)).records;
    await sleep(TICK_MS);
  }
  return purged;
}

async function expired(sql: ReturnType<typeof open>['client'], count: number): Promise<void> {
  await sql`
    insert into oncekey_records (scope, key, operation, fingerprint, execution_id, state, result, created_at, expires_at)
    select 'bench', uuidv7(age)::text, 'effect', sha256(n::text::bytea), uuidv7(age), 'succeeded',
      '{"id":1,"note":"a small note"}', now() + age, now() + age + interval '1 day'
    from (select n, make_interval(secs => -200000 + n * 80000.0 / ${count}) as age
      from generate_series(1, ${count}::int) n) as records`;
  await sql`vacuum (freeze, analyze) oncekey_records`;
  await sql`checkpoint`;
}
