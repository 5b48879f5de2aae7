import {
  bigserial,
  jsonb,
  type PgDatabase,
  type PgQueryResultHKT,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

/** What every system does once: one row. */
export const effects = pgTable('effects', { id: bigserial({ mode: 'number' }).primaryKey(), note: text().notNull() });

/** The table of a guard that is written by hand. */
export const guards = pgTable(
  'guards',
  {
    scope: text().notNull(),
    key: text().notNull(),
    state: text().notNull(),
    result: jsonb(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

export const TABLES = `
  create table effects (id bigserial primary key, note text not null);
  create table guards (scope text not null, key text not null, state text not null, result jsonb,
    created_at timestamptz not null default now(), primary key (scope, key));
  create table idempotency (id text primary key, status text not null, result jsonb, expiry bigint, in_progress_expiry bigint)`;

export function open(url: string, connections: number) {
  const client = postgres(url, { max: connections, onnotice() {} });
  const db = drizzle(client);
  return { client, db, [Symbol.asyncDispose]: () => client.end({ timeout: 1 }) };
}

export type Effect = typeof effects.$inferSelect;

/** A transaction of any driver. */
export type EffectDatabase = Pick<PgDatabase<PgQueryResultHKT>, 'insert'>;

export async function effect(db: EffectDatabase, note: string): Promise<Effect> {
  const [row] = await db.insert(effects).values({ note }).returning();
  if (!row) throw new Error('no row came back');
  return row;
}
