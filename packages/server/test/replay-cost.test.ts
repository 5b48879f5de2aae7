/** What a replay costs the database: one read where it is said to be a retry, nothing where this process has the answer. */
import { createKey, isOncekeyError } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { IdempotencyOptions } from '../src/index.ts';
import { type Ctx, connect, count, createApp, type Db, freshDatabase, gate, insertEffect, until } from './fixture.ts';

function createProcess(
  db: Db,
  options: Partial<IdempotencyOptions<Ctx>> = {},
  work: () => Promise<unknown> = async () => 0,
) {
  const { idempotency } = createApp(db, options);
  return (key: string, { isRetry = false, note = 'hello', scope = 'alice' } = {}) =>
    idempotency.execute(
      { mode: 'transactional', operation: 'add', scope, key, input: { note }, isRetry },
      async ({ db: tx }) => {
        const id = await insertEffect(tx, note);
        await work();
        return id;
      },
    );
}

/** From here on every statement of the store's fails. */
const takeAway = (db: Db) => db.execute(sql`alter table oncekey_records rename to elsewhere`);

describe('a retry that says so', () => {
  it('is answered by a look outside of any transaction', async () => {
    await using database = await freshDatabase();
    await using watched = connect(database.url, 1);
    const add = createProcess(watched.db);
    const first = await add('k');
    const rollbacks = async () => {
      await watched.db.execute(sql`select pg_stat_force_next_flush()`);
      const [row] = await watched.db.execute<{ n: string }>(
        sql`select xact_rollback::text as n from pg_stat_database where datname = current_database()`,
      );
      return Number(row?.n);
    };
    const before = await rollbacks();
    for (let i = 0; i < 20; i++) expect(await add('k', { isRetry: true })).toEqual({ ...first, replayed: true });
    expect((await rollbacks()) - before).toBe(0);
    await add('k'); // one that does not say so opens a transaction, and rolls it back
    await until(async () => (await rollbacks()) > before);
  });

  it('runs if its first never arrived, and is refused if it is another request', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db);
    expect(await add('k', { isRetry: true })).toMatchObject({ replayed: false });
    await expect(add('k', { isRetry: true, note: 'other' })).rejects.toSatisfy((e) => isOncekeyError(e, 'KEY_REUSED'));
    const old = createKey(Date.now() - 3 * 86_400_000);
    await expect(add(old, { isRetry: true })).rejects.toSatisfy((e) => isOncekeyError(e, 'KEY_EXPIRED'));
    expect(await count(database.db, 'effects')).toBe(1);
  });
});

describe('the cache of a process', () => {
  const cache = { maxBytes: 100_000 };

  it('answers what this process has answered, without asking the database', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, { cache });
    const first = await add('k');
    await takeAway(database.db);
    expect(await add('k')).toEqual({ ...first, replayed: true });
    await expect(add('k', { scope: 'bob' })).rejects.toThrow();
    await expect(add('k', { note: 'other' })).rejects.toThrow();
  });

  it('leaves another request under the key to the store, which refuses it', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, { cache });
    await add('k');
    await expect(add('k', { note: 'other' })).rejects.toSatisfy((e) => isOncekeyError(e, 'KEY_REUSED'));
  });

  it('forgets what has expired', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, { cache, retention: '1s' });
    const first = await add('k');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const next = await add('k');
    expect(next).toMatchObject({ replayed: false });
    expect(next.executionId).not.toBe(first.executionId);
  });

  it('keeps to its bytes: what was asked for least recently goes first', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, { cache: { maxBytes: 1_200 } }); // two of them
    await add('a');
    await add('b');
    await add('a');
    await add('c');
    await takeAway(database.db);
    expect((await add('a')).replayed).toBe(true);
    expect((await add('c')).replayed).toBe(true);
    await expect(add('b')).rejects.toThrow();
  });

  it('never holds what is not settled: a handler that fails runs again', async () => {
    await using database = await freshDatabase();
    let fails = true;
    const add = createProcess(database.db, { cache }, async () => {
      if (fails) throw new Error('no');
    });
    await expect(add('k')).rejects.toThrow('no');
    fails = false;
    expect(await add('k')).toMatchObject({ replayed: false });
  });

  it('is refused a size that is none', async () => {
    await using database = await freshDatabase();
    expect(() => createProcess(database.db, { cache: { maxBytes: 0 } })).toThrow(RangeError);
  });
});

describe('a storm of 1,000 duplicates', () => {
  it.each([1, 4])('on %i processes takes as many connections', async (processes) => {
    await using database = await freshDatabase();
    const pools = Array.from({ length: processes }, () => connect(database.url, 8));
    const running = gate();
    const finish = gate();
    const work = async () => {
      running.open();
      await finish.opened;
    };
    const adds = pools.map((pool) => createProcess(pool.db, {}, work));
    const answers = Array.from({ length: 1_000 }, (_, i) => adds[i % processes]?.('k'));
    await running.opened;
    let most = 0;
    for (let probe = 0; probe < 40; probe++) {
      const [row] = await database.db.execute<{ busy: number }>(sql`select count(*)::int as busy from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and state <> 'idle'
          and pid <> pg_backend_pid()`);
      most = Math.max(most, row?.busy ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    finish.open();
    const all = await Promise.all(answers);
    expect(new Set(all.map((answer) => answer?.executionId)).size).toBe(1);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(processes);
    expect(await count(database.db, 'effects')).toBe(1);
    await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()));
  });
});
