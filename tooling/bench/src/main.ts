import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startPostgres } from '@oncekey/postgres';
import { cost } from './cases/cost.ts';
import { counted } from './cases/counted.ts';
import { first } from './cases/first.ts';
import { growth } from './cases/growth.ts';
import { http } from './cases/http.ts';
import { partitions } from './cases/partitions.ts';
import { purge } from './cases/purge.ts';
import { replay } from './cases/replay.ts';
import { storm } from './cases/storm.ts';
import { type Entrant, enter, environment, leave } from './contest.ts';
import { createDatabase } from './database.ts';
import { startNetwork } from './network.ts';
import { readOptions } from './options.ts';
import { Report, type Where } from './report.ts';
import type { Measured } from './rounds.ts';
import { drawBars, type Group } from './svg.ts';
import { SYSTEMS } from './systems/all.ts';
import { open } from './systems/database.ts';

const { isQuick, json, svg, cases } = readOptions(process.argv.slice(2));
const ROUNDS = isQuick ? { rounds: 3, roundMs: 150 } : { rounds: 7, roundMs: 1_000 };
const NOTES = { small: 'a small note', '10kB': 'x'.repeat(10_000) };
const report = new Report();
const groups: Group[] = [];

// Every system has its connections open at once, and a few a second set.
const server = await startPostgres({ durable: true, settings: { max_connections: 500 } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.stop().finally(() => process.exit(1)));
}
try {
  await introduce();
  if (cases.has('counted')) await counted(report, SYSTEMS, server.url);
  if (cases.has('first') || cases.has('replay')) await timed();
  if (cases.has('storm')) await storm(report, SYSTEMS, await createDatabase(server.url, 'storm'));
  if (cases.has('http')) await overHttp();
  if (cases.has('cost')) {
    await cost(report, SYSTEMS, await createDatabase(server.url, 'cost'), isQuick ? 900 : 5_000);
  }
  if (cases.has('purge')) {
    await purge(report, await createDatabase(server.url, 'purge'), ROUNDS.rounds, isQuick ? 2_000 : 5_000);
  }
  if (cases.has('growth')) {
    await growth(report, server.url, [10_000, isQuick ? 1_000_000 : 10_000_000], { ...ROUNDS, concurrency: 1 });
  }
  if (cases.has('partitions')) {
    const url = await createDatabase(server.url, 'partitions');
    await partitions(report, url, isQuick ? 100_000 : 1_000_000, { ...ROUNDS, concurrency: 1 });
  }
} finally {
  await server.stop();
}
if (json) write(json, `${JSON.stringify(report.rows, undefined, 2)}\n`);
if (svg && groups.length > 0)
  write(svg, drawBars('First executions, as a part of an unprotected transaction’s throughput', groups));
// Libraries that keep timers would keep the process.
process.exit(0);

async function introduce(): Promise<void> {
  await using pool = open(server.url, 1);
  const [row] = await pool.client<{ version: string; fsync: string }[]>`
    select current_setting('server_version') as version, current_setting('fsync') as fsync`;
  console.log(`PostgreSQL ${row?.version}, fsync ${row?.fsync}; Node ${process.version}.`);
  console.log(`Each number is the median of ${ROUNDS.rounds} interleaved rounds of ${ROUNDS.roundMs} ms.`);
  for (const { name, version } of SYSTEMS) console.log(`  ${name}: ${version}`);
  console.log('');
}

async function timed(): Promise<void> {
  for (const rtt of [0, 2]) {
    await using network = await startNetwork(rtt);
    const reach = async (direct: string) => (rtt === 0 ? direct : network.reach(direct));
    for (const [size, note] of Object.entries(NOTES)) {
      const url = await reach(await createDatabase(server.url, `timed_${rtt}_${size.toLowerCase()}`));
      const entrants = await enter(SYSTEMS, { ...environment(url, note), reach });
      // A quick run has no time for everything: what a large result costs shows best where all is busy.
      for (const concurrency of isQuick && size !== 'small' ? [16] : [1, 16]) {
        const at = { rtt, concurrency };
        const rounds = { ...ROUNDS, concurrency };
        if (cases.has('first')) {
          const measured = await first(report, entrants, at, size, rounds);
          if (size === 'small' && isTelling(at)) groups.push(groupOf(at, measured, entrants));
        }
        if (cases.has('replay')) await replay(report, entrants, { ...at, url, size }, rounds);
      }
      await leave(entrants);
    }
  }
}

async function overHttp(): Promise<void> {
  const direct = await createDatabase(server.url, 'http');
  for (const rtt of [0, 2]) {
    await using network = await startNetwork(rtt);
    const url = rtt === 0 ? direct : await network.reach(direct);
    await http(report, url, rtt, [1, 16], { ...ROUNDS, roundMs: ROUNDS.roundMs * 2 });
  }
}

/** The network's price shows one at a time, the processor's where all is busy: the other two lie between. */
function isTelling({ rtt, concurrency }: Where): boolean {
  return rtt > 0 === (concurrency === 1);
}

function groupOf(at: Where, measured: readonly Measured[], entrants: readonly Entrant[]): Group {
  const bars = entrants.map(({ spec, why }) => ({
    name: spec.name,
    ratio: measured.find(({ name }) => name === spec.name)?.ratio,
    why,
  }));
  const way = at.rtt === 0 ? 'loopback' : `${at.rtt} ms round trip`;
  return { title: `${way}, ${at.concurrency} at a time`, bars };
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
