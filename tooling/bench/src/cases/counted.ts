import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '@oncekey/core';
import postgres from 'postgres';
import { environment, reasonOf } from '../contest.ts';
import { createDatabase } from '../database.ts';
import { startNetwork } from '../network.ts';
import { type Report, untimed } from '../report.ts';
import type { Environment, SystemSpec } from '../systems/system.ts';

const WARM = 10;
const OPERATIONS = 20;
const WHERE = { rtt: 2, concurrency: 1 };

type Kind = 'first' | 'replay';
type Counts = Record<'flights' | 'commits' | 'fsyncs' | 'wal_bytes', number>;

/** What one operation costs the wire and the database: counted, not assumed. One at a time. */
export async function counted(report: Report, specs: readonly SystemSpec[], serverUrl: string): Promise<void> {
  // Delayed, so that what is sent together is heard together: on loopback an answer may come between two pieces.
  await using network = await startNetwork(WHERE.rtt);
  const direct = await createDatabase(serverUrl, 'counted');
  const env = { ...environment(await network.reach(direct), 'a small note', 2), reach: network.reach };
  // Of another database, so that our own look at it is not among the commits.
  const sql = postgres(serverUrl, { max: 1 });
  const lines: string[][] = [];
  for (const spec of specs) {
    for (const kind of ['first', 'replay'] as const) {
      try {
        const counts = await countOne(spec, kind, env, sql, () => network.flights());
        if (!counts) continue;
        const { flights, commits, fsyncs, wal_bytes } = counts;
        lines.push([
          ...[spec.name, spec.version, kind],
          ...[flights.toFixed(1), commits.toFixed(1), fsyncs.toFixed(1), wal_bytes.toFixed(0)],
        ]);
        report.keep({ ...untimed(`counted-${kind}`, spec.name, WHERE), ...counts });
      } catch (error) {
        const why = reasonOf(error);
        lines.push([spec.name, spec.version, kind, `did not run: ${why}`]);
        report.keep({ ...untimed(`counted-${kind}`, spec.name, WHERE), why });
        break;
      }
    }
  }
  await sql.end();
  const head = ['system', 'version', 'what', 'flights', 'commits', 'fsyncs', 'WAL bytes'];
  report.show('Counted, for one operation (PostgreSQL’s; flights to Redis too)', head, lines);
}

/**
 * Commits and flushes are reported by a connection when it ends, and set-up has its own. So all is done twice, with more
 * and with fewer operations between set-up and end, and the difference is the operations'.
 */
async function countOne(
  spec: SystemSpec,
  kind: Kind,
  env: Environment,
  sql: postgres.Sql,
  takeFlights: () => Promise<number>,
): Promise<Counts | undefined> {
  if (kind === 'first') await live(0); // what is made once, such as a schema
  const few = await life(0);
  const many = await life(OPERATIONS);
  if (!few || !many) return undefined;
  return {
    flights: many.flights / OPERATIONS,
    commits: (many.commits - few.commits) / OPERATIONS,
    fsyncs: (many.fsyncs - few.fsyncs) / OPERATIONS,
    wal_bytes: many.wal / OPERATIONS,
  };

  async function life(operations: number) {
    const before = await statistics(sql);
    const seen = await live(operations);
    if (!seen) return undefined;
    const after = await statistics(sql);
    return { ...seen, commits: after.commits - before.commits, fsyncs: after.fsyncs - before.fsyncs };
  }

  /** From set-up to end. */
  async function live(operations: number) {
    await using system = await spec.create(env);
    const { first, replay } = system;
    if (kind === 'replay' && !replay) return undefined;
    const keys = Array.from({ length: WARM }, () => createKey());
    for (const key of keys) await first(key);
    const run = kind === 'first' ? () => first(createKey()) : (turn: number) => replay?.(keys[turn % WARM] ?? '');
    for (let turn = 0; turn < WARM; turn++) await run(turn);
    await takeFlights();
    const walBefore = await walPosition(sql);
    for (let turn = 0; turn < operations; turn++) await run(turn);
    const wal = (await walPosition(sql)) - walBefore;
    return { flights: await takeFlights(), wal };
  }
}

async function walPosition(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ at: string }[]>`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as at`;
  return Number(row?.at);
}

/** Once nobody is connected any more, and so all is reported. */
async function statistics(sql: postgres.Sql): Promise<{ commits: number; fsyncs: number }> {
  for (let tries = 0; ; tries++) {
    const [row] = await sql<{ connected: number; commits: string; fsyncs: string }[]>`
      select (select count(*)::int from pg_stat_activity where datname = 'counted') as connected,
        (select xact_commit::text from pg_stat_database where datname = 'counted') as commits,
        (select sum(fsyncs)::text from pg_stat_io where object = 'wal' and backend_type = 'client backend') as fsyncs`;
    if (row?.connected === 0) return { commits: Number(row.commits), fsyncs: Number(row.fsyncs) };
    if (tries > 200) throw new Error('connections stay open after the end');
    await sleep(25);
  }
}
