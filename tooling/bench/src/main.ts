import { writeFileSync } from 'node:fs';
import { createKey } from '@oncekey/core';
import { startPostgres } from '@oncekey/postgres';
import { migrate } from '@oncekey/server/drizzle';
import { type Entrant, enter, leave } from './contest.ts';
import { count } from './counted.ts';
import { growth } from './growth.ts';
import { startHttp } from './http.ts';
import { startNetwork } from './network.ts';
import { readOptions } from './options.ts';
import { type Measured, measure } from './rounds.ts';
import { storm } from './storm.ts';
import { drawBars, type Group } from './svg.ts';
import { SYSTEMS } from './systems/all.ts';
import { open, TABLES } from './systems/database.ts';
import { table } from './table.ts';

interface Row {
  readonly case: string;
  readonly system: string;
  readonly rtt_ms: number;
  readonly concurrency: number;
  readonly ops: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly ratio_to_unprotected: number | null;
}

const options = readOptions(process.argv.slice(2));
const ROUNDS = options.isQuick ? { rounds: 3, roundMs: 350 } : { rounds: 7, roundMs: 1_000 };
const rows: Row[] = [];
const groups: Group[] = [];

const server = await startPostgres({ durable: true, settings: { max_connections: 300 } });
try {
  await using pool = open(server.url, 2);
  const sql = pool.client;
  await migrate(pool.db as never);
  await sql.unsafe(TABLES);
  const [{ version = '' } = {}] = await sql<{ version: string }[]>`show server_version`.then((r) =>
    r.map((row) => ({ version: (row as unknown as { server_version: string }).server_version })),
  );
  console.log(
    `PostgreSQL ${version}, fsync on; Node ${process.version}; each number the median of ${ROUNDS.rounds} interleaved rounds.\n`,
  );

  for (const rtt of [0, 2]) {
    await using network = await startNetwork(server.url, rtt);
    const url = network.url(server.url);
    for (const note of rtt === 0 ? ['a small note', 'x'.repeat(10_000)] : ['a small note']) {
      const entrants = await enter(SYSTEMS, { url: rtt === 0 ? server.url : url, note, connections: 16 });
      const size = note.length > 1_000 ? '10 kB' : 'small';
      for (const concurrency of note.length > 1_000 ? [16] : [1, 16]) await first(entrants, { rtt, concurrency, size });
      if (size === 'small')
        for (const concurrency of [1, 16])
          await replay(entrants, { rtt, concurrency, url: rtt === 0 ? server.url : url });
      await leave(entrants);
    }
  }
  await counted();
  await together();
  if (options.growth) await grown();

  async function first(entrants: readonly Entrant[], at: { rtt: number; concurrency: number; size: string }) {
    const contestants = entrants.flatMap(({ spec, system }) =>
      system ? [{ name: spec.name, run: () => system.first(createKey()) }] : [],
    );
    const measured = await measure(contestants, { ...ROUNDS, concurrency: at.concurrency });
    show(
      `First execution, ${at.size} result, ${at.rtt} ms round trip, ${at.concurrency} at a time`,
      measured,
      entrants,
    );
    keep('first', measured, at, measured[0]?.ops);
    if (at.size === 'small') {
      groups.push({
        title: `${at.rtt} ms round trip, ${at.concurrency} at a time`,
        bars: measured.map(({ name, ops }) => ({ name, ratio: ops / (measured[0]?.ops ?? ops) })),
      });
    }
  }

  async function replay(entrants: readonly Entrant[], at: { rtt: number; concurrency: number; url: string }) {
    await using bare = open(at.url, 16);
    const known = createKey();
    const able = entrants.flatMap((entrant) =>
      entrant.system?.replay ? [{ name: entrant.spec.name, replay: entrant.system.replay }] : [],
    );
    // Each caller its own keys: what is measured is a replay, not a duplicate that joins another.
    const keys = Array.from({ length: at.concurrency * 4 }, (_, index) => `${known}-${index}`);
    for (const { replay: run } of able) for (const key of keys) await run(key);
    const keyed = (run: (key: string) => Promise<unknown>) => {
      let turn = 0;
      return () => run(keys[turn++ % keys.length] ?? '');
    };
    const read = (key: string) =>
      bare.client`select state, result, fingerprint from oncekey_records where scope = 'oncekey transactional' and key = ${key}`;
    const measured = await measure(
      [
        { name: 'bare prepared read', run: keyed((key) => read(key)) },
        ...able.map(({ name, replay: run }) => ({ name, run: keyed(run) })),
      ],
      { ...ROUNDS, concurrency: at.concurrency },
    );
    show(
      `Replay, ${at.rtt} ms round trip, ${at.concurrency} at a time (1.00: a bare prepared read of the row)`,
      measured,
    );
    keep('replay', measured, at, undefined);
  }

  async function counted() {
    await using network = await startNetwork(server.url, 0);
    const entrants = await enter(SYSTEMS, { url: network.url(server.url), note: 'a small note', connections: 1 });
    const lines: string[][] = [];
    for (const { spec, system, ...rest } of entrants) {
      if (!system) {
        lines.push([spec.name, spec.version, 'why' in rest ? String(rest.why) : '', '', '']);
        continue;
      }
      const { flights, commits, walBytes } = await count(system, network, sql);
      lines.push([spec.name, spec.version, flights.toFixed(1), commits.toFixed(1), walBytes.toFixed(0)]);
    }
    await leave(entrants);
    console.log(
      `Counted, a first execution\n${table(['system', 'version', 'wire flights', 'commits', 'WAL bytes'], lines)}\n`,
    );
  }

  async function together() {
    const { ms, executions, requests } = await storm(server.url);
    console.log(
      `${requests} requests at once, 30 keys, a handler of 30 ms: ${executions} executions in ${ms.toFixed(0)} ms.\n`,
    );
    await using http = await startHttp(server.url);
    for (const concurrency of [1, 16]) {
      const measured = await measure(http.contestants, { ...ROUNDS, concurrency });
      show(`End to end over HTTP, ${concurrency} at a time`, measured);
      keep('http', measured, { rtt: 0, concurrency }, measured[0]?.ops);
    }
  }

  async function grown() {
    const results = await growth(server.url, sql, options.isQuick ? [10_000, 1_000_000] : [10_000, 10_000_000]);
    const head = ['records', 'look-up p50, ms', 'claim p50, ms', 'bytes a record, with indexes'];
    const lines = results.map((each) => [
      each.records.toLocaleString('en'),
      each.lookUp.toFixed(3),
      each.claim.toFixed(3),
      String(each.bytes),
    ]);
    console.log(`Growth\n${table(head, lines)}\n`);
  }
} catch (error) {
  console.error(error);
  process.exit(1); // takes the database along
}
await server.stop();
if (options.json) writeFileSync(options.json, `${JSON.stringify(rows, undefined, 2)}\n`);
if (options.svg)
  writeFileSync(options.svg, drawBars('First executions, as a part of an unprotected transaction’s', groups));
process.exit(0);

function show(title: string, measured: readonly Measured[], entrants: readonly Entrant[] = []) {
  const one = measured[0]?.ops ?? 1;
  const lines = measured.map(({ name, ops, spread, p50, p99, cpu }) => [
    name,
    (ops / one).toFixed(2),
    ops.toFixed(0),
    `±${(spread * 100).toFixed(0)}%`,
    p50.toFixed(2),
    p99.toFixed(2),
    cpu.toFixed(0),
  ]);
  const missing = entrants.flatMap((entrant) =>
    entrant.system ? [] : [[entrant.spec.name, '–', `did not run: ${entrant.why}`]],
  );
  console.log(
    `${title}\n${table(['system', 'ratio', 'ops/s', 'spread', 'p50 ms', 'p99 ms', 'CPU µs'], [...lines, ...missing])}\n`,
  );
}

function keep(
  what: string,
  measured: readonly Measured[],
  at: { rtt: number; concurrency: number; size?: string },
  one: number | undefined,
) {
  for (const { name, ops, p50, p99 } of measured) {
    rows.push({
      case: at.size === '10 kB' ? `${what}, 10 kB` : what,
      system: name,
      rtt_ms: at.rtt,
      concurrency: at.concurrency,
      ops: Math.round(ops),
      p50_ms: p50,
      p99_ms: p99,
      ratio_to_unprotected: one === undefined ? null : ops / one,
    });
  }
}
