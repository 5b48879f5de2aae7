import { randomUUID } from 'node:crypto';
import postgres from 'postgres';

export interface Template {
  /** Unique per schema within a cluster. */
  name: string;
  /** Brings an empty database to the schema. Must close its connections: PostgreSQL clones no database that is in use. */
  migrate(url: string): Promise<void>;
}

export interface TestDatabase extends AsyncDisposable {
  url: string;
}

/**
 * A database of its own for one test file, empty or cloned from a migrated template. Disposing of it drops it, whoever
 * is still connected.
 *
 * The template is made by the first to ask. Workers may race for it.
 *
 * @param adminUrl a superuser's URL, as `inject('postgresUrl')` gives
 * @example
 * await using database = await createDatabase(inject('postgresUrl'), { name: 'app', migrate });
 * const sql = postgres(database.url);
 */
export async function createDatabase(adminUrl: string, template?: Template): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await withAdmin(adminUrl, async (sql) => {
    if (template) await ensureTemplate(adminUrl, sql, template);
    const source = template ? sql`template ${sql(template.name)}` : sql``;
    await sql`create database ${sql(name)} ${source}`;
  });
  return {
    url: urlOf(adminUrl, name),
    [Symbol.asyncDispose]: () =>
      withAdmin(adminUrl, async (sql) => {
        await sql`drop database if exists ${sql(name)} with (force)`;
      }),
  };
}

async function ensureTemplate(adminUrl: string, sql: postgres.Sql, { name, migrate }: Template): Promise<void> {
  if (await isReady(sql, name)) return;
  // A session lock, not a transaction's: `create database` runs in none. `sql` has one connection, so it is one session.
  await sql`select pg_advisory_lock(hashtextextended(${`template ${name}`}, 0))`;
  try {
    if (await isReady(sql, name)) return;
    // Half-made by a worker that died or a migration that failed.
    await sql`drop database if exists ${sql(name)} with (force)`;
    await sql`create database ${sql(name)}`;
    await migrate(urlOf(adminUrl, name));
    // This marks it complete. Closed to connections, since any would stand in the way of cloning.
    await sql`alter database ${sql(name)} is_template true allow_connections false`;
  } finally {
    await sql`select pg_advisory_unlock(hashtextextended(${`template ${name}`}, 0))`;
  }
}

async function isReady(sql: postgres.Sql, name: string): Promise<boolean> {
  const rows = await sql`select from pg_database where datname = ${name} and datistemplate`;
  return rows.length > 0;
}

async function withAdmin<T>(adminUrl: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
