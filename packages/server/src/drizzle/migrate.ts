import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { type DrizzleDatabase, type Executor, runThrough } from './transaction.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);
const STATEMENT_BREAK = '--> statement-breakpoint';
/** Any number that no one else locks; the bytes of "oncekey". */
const MIGRATION_LOCK = 0x6f6e63656b6579n;

/**
 * Creates oncekey's tables, or brings them up to date. Safe to call from any number of processes at once, at every
 * start. Not needed where your own migrations hold `oncekeyRecords`.
 */
export async function migrate<Tx extends Executor>(db: DrizzleDatabase<Tx>): Promise<void> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  await db.transaction(async (tx) => {
    // `create table if not exists` of two first launches collides in the catalogue ("tuple concurrently updated").
    await tx.execute(sql`select pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`);
    await tx.execute(sql`create table if not exists oncekey_migrations (
      name text primary key, applied_at timestamptz not null default now())`);
    for (const name of files) await apply(tx, name);
  });
}

async function apply(tx: Executor, name: string): Promise<void> {
  const rows = await runThrough(tx)({
    text: 'insert into oncekey_migrations (name) values ($1) on conflict do nothing returning name',
    params: [name],
  });
  if (rows.length === 0) return;
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  for (const statement of text.split(STATEMENT_BREAK)) await tx.execute(sql.raw(statement));
}
