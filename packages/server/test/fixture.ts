import { createDatabase } from '@oncekey/postgres/testing';
import { initTRPC, TRPCError } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import superjson from 'superjson';
import { inject } from 'vitest';
import { drizzleStore, migrate } from '../src/drizzle/index.ts';
import { createIdempotency, type IdempotencyOptions } from '../src/index.ts';

export type Db = PostgresJsDatabase;
export type Ctx = { user: string; db: Db };

/** A connection pool, as one process has it. */
export function connect(url: string, max = 4, options: { prepare?: boolean } = {}) {
  const client = postgres(url, { max, onnotice() {}, ...options });
  return {
    client,
    db: drizzle(client),
    async [Symbol.asyncDispose]() {
      await client.end({ timeout: 1 });
    },
  };
}

/** A database of its own, with oncekey's tables and `effects`, the table whose rows are counted. */
export async function freshDatabase() {
  const database = await createDatabase(inject('postgresUrl'), {
    name: 'server',
    async migrate(url) {
      await using pool = connect(url, 1);
      await migrate(pool.db);
      await pool.db.execute(sql`create table effects (id serial primary key, note text not null)`);
      await pool.db.execute(sql`create table claims (name text primary key)`);
    },
  });
  const pool = connect(database.url);
  return {
    url: database.url,
    db: pool.db,
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function count(db: Db, table: 'effects' | 'oncekey_records' | 'claims'): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int from ${sql.identifier(table)}`);
  return row?.count ?? Number.NaN;
}

export async function insertEffect(db: Pick<Db, 'execute'>, note: string): Promise<number> {
  const [row] = await db.execute<{ id: number }>(sql`insert into effects (note) values (${note}) returning id`);
  if (!row) throw new Error('no row came back');
  return row.id;
}

/** One process of an app: its pool, its plugin, and the builders that a router is made from. */
export function createApp(db: Db, options: Partial<IdempotencyOptions<Ctx>> = {}) {
  const idempotency = createIdempotency<Ctx>({
    store: drizzleStore(db),
    scope: ({ ctx }) => ctx.user,
    transformer: superjson,
    ...options,
  });
  const t = initTRPC.context<{ user?: string; db: Db }>().create({
    transformer: superjson,
    errorFormatter: idempotency.errorFormatter,
    isDev: false, // tRPC sends stacks in development
  });
  const base = t.procedure.concat(idempotency.intake);
  const user = base.use(({ ctx, next }) => {
    if (ctx.user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next({ ctx: { user: ctx.user } });
  });
  const contextOf = (key: string | undefined, person = 'alice') => {
    const ctx = { user: person, db };
    return key === undefined ? ctx : idempotency.withKey(ctx, key);
  };
  return { idempotency, t, base, user, contextOf };
}

/** A gate that code under test can be made to wait at. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Waits for a condition, at most five seconds: for what another connection does. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
