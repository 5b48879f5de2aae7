import connect from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../src/index.ts';
import { createDatabase } from '../src/testing/index.ts';

let cluster: Postgres;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster.stop());

async function rows(url: string, statement: string): Promise<unknown[]> {
  const sql = connect(url, { max: 1 });
  try {
    return [...(await sql.unsafe(statement))];
  } finally {
    await sql.end();
  }
}

test('racing creations migrate the template once, and each gets a database of its own', async () => {
  let migrations = 0;
  const template = {
    name: 'raced',
    async migrate(url: string) {
      migrations += 1;
      await rows(url, 'create table kept as select 42 as answer, pg_sleep(0.2)::text');
    },
  };
  const all = await Promise.all(Array.from({ length: 6 }, () => createDatabase(cluster.url, template)));
  expect(migrations).toBe(1);
  expect(new Set(all.map(({ url }) => url)).size).toBe(6);

  await rows(all[0]?.url ?? '', 'insert into kept values (43)');
  for (const [index, database] of all.entries()) {
    expect(await rows(database.url, 'select answer from kept')).toHaveLength(index === 0 ? 2 : 1);
    await database[Symbol.asyncDispose]();
  }
});

test('a migration that failed is begun again from an empty database', async () => {
  let attempt = 0;
  const template = {
    name: 'failing',
    async migrate(url: string) {
      attempt += 1;
      await rows(url, 'create table kept as select 42 as answer');
      if (attempt === 1) throw new Error('cut off');
    },
  };
  await expect(createDatabase(cluster.url, template)).rejects.toThrow('cut off');
  await using database = await createDatabase(cluster.url, template);
  expect(await rows(database.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('a disposed database is dropped under its clients', async () => {
  const database = await createDatabase(cluster.url);
  const client = connect(database.url, { max: 1, onclose: () => {} });
  await client`select 1`;
  await database[Symbol.asyncDispose]();
  await expect(client`select 1`).rejects.toThrow();
  await client.end({ timeout: 0 });
  const name = new URL(database.url).pathname.slice(1);
  expect(await rows(cluster.url, `select from pg_database where datname = '${name}'`)).toEqual([]);
});
