import { createKey } from '@oncekey/core';
import type postgres from 'postgres';
import type { Network } from './network.ts';
import type { System } from './systems/system.ts';

export interface Counted {
  readonly flights: number;
  readonly commits: number;
  readonly walBytes: number;
}

const OPERATIONS = 60;

/** What one operation costs the wire and the database: counted, not assumed. */
export async function count(system: System, network: Network, sql: postgres.Sql): Promise<Counted> {
  for (let i = 0; i < 10; i++) await system.first(createKey());
  const before = await read(sql);
  await network.flights();
  for (let i = 0; i < OPERATIONS; i++) await system.first(createKey());
  const flights = await network.flights();
  const after = await read(sql);
  return {
    flights: flights / OPERATIONS,
    // Our own look is one, too.
    commits: Math.max(0, after.commits - before.commits - 1) / OPERATIONS,
    walBytes: (after.wal - before.wal) / OPERATIONS,
  };
}

async function read(sql: postgres.Sql): Promise<{ commits: number; wal: number }> {
  // Backends report when they are idle, at most once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const [row] = await sql<{ commits: string; wal: string }[]>`
    select sum(xact_commit)::text as commits, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal
    from pg_stat_database where datname = current_database()`;
  return { commits: Number(row?.commits), wal: Number(row?.wal) };
}
