import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { environment } from './environment.ts';

export type Db = PostgresJsDatabase;

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
/** Any number that no one else locks. */
const MIGRATION_LOCK = 4_207_001;

const client = connect(10);
/** The process's pool. */
export const db: Db = drizzle(client);

/** Calls `listener` with each notification on a channel, also after the connection was lost and made anew. */
export async function onNotification(channel: string, listener: () => void): Promise<void> {
  await client.listen(channel, listener);
}

export function closeDatabase(): Promise<void> {
  return client.end({ timeout: 1 });
}

/** Brings the database up to date. Two first launches at once would collide in the catalogue: one waits for the other. */
export async function migrateDatabase(): Promise<void> {
  await using one = connectOnce();
  await one.db.execute(sql`select pg_advisory_lock(${MIGRATION_LOCK})`); // the session's: it ends with the connection
  await migrate(one.db, { migrationsFolder: MIGRATIONS });
}

function connect(max: number) {
  return postgres(environment.databaseUrl, { max, onnotice() {}, connect_timeout: 5 });
}

function connectOnce() {
  const only = connect(1);
  return { db: drizzle(only), [Symbol.asyncDispose]: () => only.end({ timeout: 1 }) };
}
