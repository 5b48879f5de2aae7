import { PGlite } from '@electric-sql/pglite';
import { createDatabase } from '@oncekey/postgres/testing';
import { sql } from 'drizzle-orm';
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { type DrizzleDatabase, drizzleStore, type Executor, migrate } from '../src/drizzle/index.ts';
import { memoryStore } from '../src/memory/index.ts';
import { type StoreUnderTest, storeContract } from '../src/testing/index.ts';
import { connect, freshDatabase } from './fixture.ts';

function underTest<Tx extends Executor>(
  db: DrizzleDatabase<Tx>,
  otherDb: DrizzleDatabase<Tx>,
  dispose: () => Promise<void>,
): StoreUnderTest<Tx> {
  return {
    store: drizzleStore(db, { events: 'all' }),
    other: drizzleStore(otherDb),
    effects: {
      write: async (tx) => tx.execute(sql`insert into effects (note) values ('written')`),
      async count() {
        const result = (await db.execute(sql`select count(*)::int as count from effects`)) as
          | { rows: { count: number }[] }
          | { count: number }[];
        return (Array.isArray(result) ? result : result.rows)[0]?.count ?? Number.NaN;
      },
    },
    [Symbol.asyncDispose]: dispose,
  };
}

describe('Drizzle on postgres.js', () => {
  storeContract({
    test: it,
    async open() {
      const database = await freshDatabase();
      const otherPool = connect(database.url);
      return underTest(database.db, otherPool.db, async () => {
        await otherPool[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      });
    },
  });
});

describe('Drizzle on node-postgres', () => {
  storeContract({
    test: it,
    async open() {
      const database = await createDatabase(inject('postgresUrl'), {
        name: 'contract',
        async migrate(url) {
          await using pool = connect(url, 1);
          await migrate(pool.db);
          await pool.db.execute(sql`create table effects (id serial primary key, note text not null)`);
        },
      });
      const pools = [1, 2].map(() => new pg.Pool({ connectionString: database.url, max: 4 }));
      // A connection may still be closing when its database is dropped.
      for (const pool of pools) pool.on('error', () => {});
      const [db, otherDb] = pools.map((pool) => drizzleNodePostgres(pool));
      if (!db || !otherDb) throw new Error('two pools were opened');
      return underTest(db, otherDb, async () => {
        for (const pool of pools) await pool.end();
        await database[Symbol.asyncDispose]();
      });
    },
  });
});

describe('Drizzle on PGlite', () => {
  const client = new PGlite();
  const db = drizzlePglite(client);
  beforeAll(async () => {
    await migrate(db);
    await db.execute(sql`create table effects (id serial primary key, note text not null)`);
  });
  afterAll(() => client.close());

  // One session: transactions wait for each other, and advisory locks exclude nobody.
  storeContract({
    test: it,
    async open() {
      await db.execute(sql`truncate effects, oncekey_records, oncekey_steps, oncekey_events`);
      return { ...underTest(db, db, async () => {}), isConcurrent: false };
    },
  });
});

describe('memory', () => {
  storeContract({
    test: it,
    async open() {
      const store = memoryStore();
      return { store, other: store, async [Symbol.asyncDispose]() {} };
    },
  });
});
