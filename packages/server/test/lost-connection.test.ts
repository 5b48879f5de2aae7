import { isOncekeyError } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { connect, count, type Db, freshDatabase, gate, insertEffect } from './fixture.ts';

const id = { scope: 'alice', key: 'k-1' };

async function backendOf(db: Pick<Db, 'execute'>): Promise<number | undefined> {
  const [row] = await db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return row?.pid;
}

/** What a failover, an administrator or idle_in_transaction_session_timeout does to a connection. */
describe('when the server ends a transaction’s connection', () => {
  it('a handler that goes on writes nothing, though the pool has put a new connection in the place of the lost one', async () => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 1);
    const replaced = gate();
    const wentOn = gate();
    const lost = drizzleStore(pool.db).transact(id, async ({ tx }) => {
      const pid = await backendOf(tx);
      await database.db.execute(sql`select pg_terminate_backend(${pid})`);
      await replaced.opened;
      // Through postgres.js's own `begin` this row is committed by itself, and the retry's is the second.
      await insertEffect(tx, 'stray').catch(() => {});
      wentOn.open();
      return undefined;
    });
    await expect(lost).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    expect(await count(pool.db, 'effects')).toBe(0); // the pool of one has reconnected
    replaced.open();
    await wentOn.opened;
    expect(await count(pool.db, 'effects')).toBe(0);
  });

  it('a statement in flight fails, the process lives on, and so does the pool', async () => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 1);
    const lost = drizzleStore(pool.db).transact(id, async ({ tx }) => {
      const pid = await backendOf(tx);
      await insertEffect(tx, 'gone');
      const killed = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        database.db.execute(sql`select pg_terminate_backend(${pid})`),
      );
      await tx.execute(sql`select pg_sleep(10)`).catch(() => {});
      await insertEffect(tx, 'stray').catch(() => {});
      await killed;
      return undefined;
    });
    await expect(lost).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    // postgres.js 3.4 answers the next statement of that connection with the old one's error, once.
    await count(pool.db, 'effects').catch(() => {});
    expect(await count(pool.db, 'effects')).toBe(0);
    expect(
      await drizzleStore(pool.db).transact(id, async ({ locked }) => void expect(locked).toBe(true) as undefined),
    ).toBe('rolled-back');
  });

  it('statements that were still in line behind others fail too, and nothing hangs', async () => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 1);
    const ends: PromiseSettledResult<unknown>[] = [];
    const finished = gate();
    const lost = drizzleStore(pool.db).transact(id, async ({ tx }) => {
      const pid = await backendOf(tx);
      const many = Array.from({ length: 300 }, () => tx.execute(sql`select pg_sleep(0.1)`).then((rows) => rows));
      const settled = Promise.allSettled(many); // from now on: they may fail before the next line has its answer
      await database.db.execute(sql`select pg_terminate_backend(${pid})`);
      ends.push(...(await settled));
      finished.open();
      return undefined;
    });
    await expect(lost).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    await finished.opened;
    expect(ends.filter((end) => end.status === 'rejected').length).toBeGreaterThan(200);
  });

  it('after the handler’s last statement, the commit fails and says so', async () => {
    await using database = await freshDatabase();
    await using pool = connect(database.url, 1);
    const store = drizzleStore(pool.db);
    const cut = store.transact(id, async ({ tx }) => {
      const pid = await backendOf(tx);
      await insertEffect(tx, 'gone');
      await database.db.execute(sql`select pg_terminate_backend(${pid})`);
      return {
        operation: 'add',
        fingerprint: 'ab'.repeat(32),
        executionId: crypto.randomUUID(),
        result: '1',
        retentionMs: 60_000,
      };
    });
    await expect(cut).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });
});

describe('a statement that the handler did not await', () => {
  it('fails when the transaction is over, and never runs in somebody else’s', async () => {
    await using database = await freshDatabase();
    const late = gate();
    let stray: Promise<unknown> = Promise.resolve();
    await drizzleStore(database.db).transact(id, async ({ tx }) => {
      stray = late.opened.then(() => insertEffect(tx, 'stray'));
      return undefined;
    });
    late.open();
    await expect(stray).rejects.toMatchObject({ cause: { code: 'TRANSACTION_OVER' } });
    expect(await count(database.db, 'effects')).toBe(0);
  });
});

describe('a nested transaction', () => {
  it('is a savepoint: what it rolls back is gone, the rest is committed with the record', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    await store.transact(id, async ({ tx }) => {
      await insertEffect(tx, 'outer');
      await tx
        .transaction(async (nested) => {
          await insertEffect(nested, 'inner');
          await nested.execute(sql`select 1 / 0`);
        })
        .catch(() => {});
      await tx.transaction((nested) => nested.transaction((deeper) => insertEffect(deeper, 'deeper')));
      return {
        operation: 'add',
        fingerprint: 'ab'.repeat(32),
        executionId: crypto.randomUUID(),
        result: '1',
        retentionMs: 60_000,
      };
    });
    const notes = await database.db.execute<{ note: string }>(sql`select note from effects order by id`);
    expect(Array.from(notes, ({ note }) => note)).toEqual(['outer', 'deeper']);
    expect((await store.look(id)).record?.result).toBe('1');
  });
});
