import { isOncekeyError } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import { drizzleStore, migrate, oncekeyEvents, oncekeyRecords, oncekeySteps } from '../src/drizzle/index.ts';
import { lookUp } from '../src/drizzle/record-statements.ts';
import { runThrough } from '../src/drizzle/transaction.ts';
import type { NewRecord } from '../src/store.ts';
import { connect, count, freshDatabase, gate, insertEffect, until } from './fixture.ts';

const id = { scope: 'alice', key: 'k-1' };
const record = (note: string, retentionMs = 60_000): NewRecord => ({
  operation: 'add',
  fingerprint: 'ab'.repeat(32),
  executionId: '0192f000-0000-7000-8000-000000000000',
  result: JSON.stringify(note),
  retentionMs,
});

it('the end of a leased execution moves no index entry (HOT)', async () => {
  await using database = await freshDatabase();
  await using pool = connect(database.url, 1);
  const store = drizzleStore(pool.db);
  for (let i = 0; i < 20; i++) {
    const { lease } = await store.claim({ ...id, key: `k${i}` }, { ...record('a'), leaseMs: 30_000 });
    if (lease)
      expect(await store.complete(lease, { state: 'succeeded', result: '"a"', keepsDedupe: false })).toBe(true);
  }
  await pool.db.execute(sql`select pg_stat_force_next_flush()`);
  await pool.db.execute(sql`select 1`);
  const [row] = await pool.db.execute(sql`
    select n_tup_upd::int as updated, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'oncekey_records'`);
  expect(row).toEqual({ updated: 20, hot: 20 });
});

describe('the unique key', () => {
  it('lets one of two transactions commit that both found nothing and both ran (check-then-insert)', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const bothLooked = gate();
    let looked = 0;
    const attempt = (note: string) =>
      store.transact(id, async ({ tx, record: found }) => {
        expect(found).toBeUndefined();
        if (++looked === 2) bothLooked.open();
        await bothLooked.opened; // whatever the lock said, neither has written yet
        await insertEffect(tx, note);
        return record(note);
      });
    const ends = await Promise.all([attempt('a'), attempt('b')]);
    expect(ends.sort()).toEqual(['overtaken', 'recorded']);
    expect(await count(database.db, 'effects')).toBe(1);
    expect(await count(database.db, 'oncekey_records')).toBe(1);
  });

  it('has no NULL and no empty part to slip through (seed 5)', async () => {
    await using database = await freshDatabase();
    const insert = (scope: string | null, key: string | null) =>
      database.db.execute(sql`insert into oncekey_records (scope, key, operation, fingerprint, execution_id, expires_at)
        values (${scope}, ${key}, 'add', '\\x00', gen_random_uuid(), now())`);
    for (const [scope, key] of [
      [null, 'k'],
      ['s', null],
      ['', 'k'],
      ['s', ''],
    ] as const) {
      await expect(insert(scope, key)).rejects.toThrow();
    }
    await insert('s', 'k');
    await expect(insert('s', 'k')).rejects.toThrow();
  });

  it('keeps two people with the same key apart', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    for (const scope of ['alice', 'bob']) {
      expect(await store.transact({ scope, key: 'k' }, async () => record(scope))).toBe('recorded');
    }
    expect((await store.look({ scope: 'alice', key: 'k' })).record?.result).toBe('"alice"');
    expect((await store.look({ scope: 'bob', key: 'k' })).record?.result).toBe('"bob"');
  });
});

describe('a record', () => {
  it('reads back as it was written, with the database’s time', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    await store.transact(id, async () => record('hello'));
    const [clock] = await database.db.execute<{ now: string }>(sql`select extract(epoch from now()) * 1000 as now`);
    const found = (await store.look(id)).record;
    expect(found).toMatchObject({ operation: 'add', fingerprint: 'ab'.repeat(32), result: '"hello"', expired: false });
    expect(Math.abs(Number(clock?.now) - Number(found?.createdAt))).toBeLessThan(5_000);
  });

  it('that has expired and was not purged yet gives way to a new one', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    await store.transact(id, async () => record('old', 0));
    expect((await store.look(id)).record?.expired).toBe(true);
    expect(await store.transact(id, async ({ record: found }) => (found?.expired ? record('new') : undefined))).toBe(
      'recorded',
    );
    expect((await store.look(id)).record).toMatchObject({ result: '"new"', expired: false });
  });

  it('is not written when the body asks for none or throws, and the error comes out as it was', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const thrown = { not: 'even an Error' };
    const end = await store.transact(id, async ({ tx }) => {
      await insertEffect(tx, 'gone');
      return undefined;
    });
    expect(end).toBe('rolled-back');
    await expect(
      store.transact(id, async ({ tx }) => {
        await insertEffect(tx, 'gone too');
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });

  it('is not written when the handler swallowed a failed statement: the transaction is aborted, and the error says by what', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const lost = store.transact(id, async ({ tx }) => {
      await insertEffect(tx, 'gone');
      await tx.execute(sql`select 1 / 0`).catch(() => {}); // division_by_zero
      return record('pretended');
    });
    await expect(lost).rejects.toMatchObject({ code: '22012' });
    expect(await count(database.db, 'effects')).toBe(0);
  });
});

describe('the lock', () => {
  it('says that somebody is at it, and frees itself with the transaction', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const inside = gate();
    const leave = gate();
    const first = store.transact(id, async ({ locked }) => {
      expect(locked).toBe(true);
      inside.open();
      await leave.opened;
      return undefined;
    });
    await inside.opened;
    await store.transact(id, async ({ locked }) => void expect(locked).toBe(false) as undefined);
    await store.transact({ ...id, key: 'other' }, async ({ locked }) => void expect(locked).toBe(true) as undefined);
    leave.open();
    await first;
    // Who asked for nothing to be recorded is not made to wait for the ROLLBACK.
    await until(async () => {
      let isFree = false;
      await store.transact(id, async ({ locked }) => {
        isFree = locked;
        return undefined;
      });
      return isFree;
    });
  });

  it('tells scope and key apart where they run together', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    await store.transact({ scope: 'ab', key: 'c' }, async () => {
      await store.transact(
        { scope: 'a', key: 'bc' },
        async ({ locked }) => void expect(locked).toBe(true) as undefined,
      );
      return undefined;
    });
  });
});

describe('a look', () => {
  it('reads the clock after what it sees, whenever its transaction began: a purge in between must not make a key young', async () => {
    await using database = await freshDatabase();
    await using other = connect(database.url, 1);
    await drizzleStore(database.db).transact(id, async () => record('first', 50));
    await database.db.transaction(async (tx) => {
      await tx.execute(sql`select now()`); // BEGIN: the record is live
      const [begun] = await tx.execute<{ at: string }>(sql`select extract(epoch from now()) * 1000 as at`);
      await until(async () => (await drizzleStore(other.db).purge(10, 0)).records === 1);
      const { record: found, now } = await lookUp(runThrough(tx), id);
      expect(found).toBeUndefined();
      expect(now.getTime()).toBeGreaterThanOrEqual(Math.floor(Number(begun?.at)) + 50 - 10);
    });
  });
});

describe('errors of the store’s own statements', () => {
  it('carry no key, no scope and no result', async () => {
    await using database = await freshDatabase();
    await database.db.execute(sql`alter table oncekey_records drop column result`);
    const store = drizzleStore(database.db);
    const failed = store.transact({ scope: 'secret-scope', key: 'secret-key' }, async () => record('secret-result'));
    const error = await failed.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify([String(error), (error as Error).stack, (error as Error).cause])).not.toContain('secret');
  });

  it('say STORE_UNAVAILABLE when the database is away, before the handler has run', async () => {
    await using nowhere = connect('postgres://postgres@127.0.0.1:1/none', 1);
    const store = drizzleStore(nowhere.db);
    let ran = false;
    const claim = store.transact(id, async () => {
      ran = true;
      return undefined;
    });
    await expect(claim).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    await expect(store.look(id)).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    expect(ran).toBe(false);
  });
});

describe('migrate', () => {
  it('is safe in ten processes that launch at once on an empty database ("tuple concurrently updated")', async () => {
    await using database = await freshDatabase();
    await database.db.execute(sql`drop table oncekey_records, oncekey_steps, oncekey_events, oncekey_migrations`);
    const pools = Array.from({ length: 10 }, () => connect(database.url, 1));
    await Promise.all(pools.map((pool) => migrate(pool.db)));
    await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()));
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });

  it.each([oncekeyRecords, oncekeySteps, oncekeyEvents])(
    'makes the very columns and keys that a Drizzle table declares',
    async (table) => {
      await using database = await freshDatabase();
      const declared = getTableConfig(table);
      const columns = await database.db.execute<{ name: string; type: string; not_null: boolean }>(sql`
      select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as not_null from pg_attribute
      where attrelid = ${declared.name}::regclass and attnum > 0 order by attnum`);
      expect(Array.from(columns)).toEqual(
        declared.columns.map((column) => ({ name: column.name, type: column.getSQLType(), not_null: column.notNull })),
      );
      const names = await database.db.execute<{ name: string }>(sql`
      select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
      where indrelid = ${declared.name}::regclass`);
      expect(Array.from(names, ({ name }) => name).sort()).toEqual(
        [
          ...declared.indexes.map((index) => index.config.name),
          ...declared.primaryKeys.map((key) => key.getName()),
          ...declared.columns.filter((column) => column.primary).map(() => `${declared.name}_pkey`),
        ].sort(),
      );
    },
  );
});
