import { setTimeout as sleep } from 'node:timers/promises';
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
  const before = await read(system, sql);
  await network.flights();
  for (let i = 0; i < OPERATIONS; i++) await system.first(createKey());
  const flights = await network.flights();
  const after = await read(system, sql);
  // One more of each lies between the two: the operation that makes the second reading true.
  const between = OPERATIONS + 1;
  return {
    flights: flights / OPERATIONS,
    commits: (after.commits - before.commits) / between,
    walBytes: (after.wal - before.wal) / between,
  };
}

async function read(system: System, sql: postgres.Sql): Promise<{ commits: number; wal: number }> {
  // A backend reports what it has counted with the first transaction that ends a second after its last report.
  await sleep(1_200);
  await system.first(createKey());
  await sleep(100);
  const [row] = await sql<{ commits: string; wal: string }[]>`
    select sum(xact_commit)::text as commits, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal
    from pg_stat_database where datname = current_database()`;
  return { commits: Number(row?.commits), wal: Number(row?.wal) };
}
