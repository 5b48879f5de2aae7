/** Handlers' statements that come again and again: prepared, within bounds, and whatever happens to the tables under them. */
import { createKey } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { type DrizzleStoreOptions, drizzleStore } from '../src/drizzle/index.ts';
import { RepeatedStatements } from '../src/drizzle/repeated-statements.ts';
import { connect, count, createApp, type Db, freshDatabase, insertEffect } from './fixture.ts';

type Run = (db: Db, note: string) => Promise<unknown>;

function createProcess(db: Db, options: DrizzleStoreOptions = {}, run: Run = insertEffect) {
  const { idempotency } = createApp(db, { store: drizzleStore(db, options) });
  return (note = 'hello') =>
    idempotency.execute(
      { mode: 'transactional', operation: 'add', scope: 'alice', key: createKey(), input: { note } },
      ({ db: tx }) => run(tx as unknown as Db, note),
    );
}

/** Of the one connection of a pool. */
async function preparedEffects(db: Db): Promise<number> {
  const rows = await db.execute(sql`select 1 from pg_prepared_statements where statement like 'insert into effects%'`);
  return rows.length;
}

describe('a handler’s statement', () => {
  it.each([
    ['is prepared when it has come often', {}, {}, 1],
    ['is not, if the store is told so', {}, { prepareHandlers: false }, 0],
    ['is not, if postgres.js is told so: behind a pooler', { prepare: false }, {}, 0],
  ])('%s', async (_, client, options, expected) => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 1, client);
    const add = createProcess(pool.db, options);
    for (let i = 0; i < 5; i++) await add();
    expect(await preparedEffects(pool.db)).toBe(0);
    for (let i = 0; i < 5; i++) await add(`note ${i}`);
    expect(await preparedEffects(pool.db)).toBe(expected);
    expect(await count(pool.db, 'effects')).toBe(10);
  });

  it.each([
    ['of another type', sql`alter table effects alter column id type bigint`],
    ['gone and made anew', sql`alter table effects drop column note, add column note text`],
  ])('goes on when a column is %s by a deployment, on every connection', async (_, change) => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 8); // more than a transaction has runs: they are not tried one by one
    const add = createProcess(pool.db);
    const some = (n: number) => Promise.all(Array.from({ length: n }, () => add()));
    for (let i = 0; i < 6; i++) await some(8);
    await database.db.execute(change);
    for (let i = 0; i < 9; i++) expect(await add()).toMatchObject({ replayed: false });
    expect(await count(database.db, 'effects')).toBe(57);
  });

  it('may be several in one, without parameters', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, {}, async (db) => {
      await db.execute(sql`insert into effects (note) values ('one'); insert into effects (note) values ('two')`);
      return 2;
    });
    for (let i = 0; i < 8; i++) await add();
    expect(await count(database.db, 'effects')).toBe(16);
  });

  it('that fails is its handler’s to catch, in a savepoint, prepared or not', async () => {
    await using database = await freshDatabase();
    await database.db.execute(sql`insert into claims (name) values ('taken')`);
    const add = createProcess(database.db, {}, async (db) => {
      const seat = await db
        .transaction((tx) => tx.execute(sql`insert into claims (name) values (${'taken'})`))
        .then(
          () => 'got',
          () => 'taken',
        );
      return insertEffect(db, seat);
    });
    for (let i = 0; i < 8; i++) await add();
    const [row] = await database.db.execute(sql`select count(*)::int from effects where note = 'taken'`);
    expect(row).toEqual({ count: 8 });
  });
});

describe('what is remembered of statements', () => {
  it('is bounded, whatever texts an app makes up', () => {
    const statements = new RepeatedStatements();
    const often = (text: string, params: unknown[] = ['a', 1, null]) =>
      Array.from({ length: 6 }, () => statements.isRepeated(text, params)).at(-1);
    for (let i = 0; i < 5_000; i++) statements.isRepeated(`select ${i}`, []);
    expect(often('select a')).toBe(true);
    for (let i = 0; i < 254; i++) expect(often(`select b${i}`)).toBe(true);
    expect(often('select a', [true, null])).toBe(true); // postgres.js makes another of it
    expect(often('select c')).toBe(false); // 256 are enough for each connection
    expect(statements.isRepeated('select a', ['b', 2, 'c'])).toBe(true);
    expect(statements.isRepeated('select a', [null, true])).toBe(false);
    expect(often(`select ${'x'.repeat(10_000)}`)).toBe(false);
  });

  it('ends where it cannot be: it is never tried again', () => {
    const statements = new RepeatedStatements();
    for (let i = 0; i < 6; i++) statements.isRepeated('select a', [1]);
    statements.bar('select a', [1]);
    for (let i = 0; i < 20; i++) expect(statements.isRepeated('select a', [1])).toBe(false);
  });
});
