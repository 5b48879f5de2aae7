import { isOncekeyError } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { count, createApp, type Db, freshDatabase, gate, insertEffect } from './fixture.ts';

type Tx = Pick<Db, 'execute'>;

function appOn(db: Db, handler: (tx: Tx, run: number, input: string) => Promise<unknown>) {
  const app = createApp(db);
  let runs = 0;
  const router = app.t.router({
    add: app.user
      .input((raw) => raw as string)
      .concat(app.idempotency.transactional())
      .mutation(({ ctx, input }) => handler(ctx.db, ++runs, input)),
  });
  const add = (key: string, input = 'a') => app.t.createCallerFactory(router)(app.contextOf(key)).add(input);
  return { add, runs: () => runs };
}

const fail = (tx: Tx, code: string) =>
  tx.execute(sql.raw(`do $$ begin raise exception 'met another' using errcode = '${code}'; end $$`));

describe('a transaction that meets another', () => {
  it.each(['40001', '40P01'])(
    'is run again inside, with %s, and nothing of it is stored (a transient database error was stored as the final answer)',
    async (code) => {
      await using database = await freshDatabase();
      const { add, runs } = appOn(database.db, async (tx, run) => {
        const id = await insertEffect(tx, 'written');
        if (run < 3) await fail(tx, code);
        return id;
      });
      const answer = await add('k');
      expect(await add('k')).toBe(answer);
      expect(runs()).toBe(3);
      expect(await count(database.db, 'effects')).toBe(1);
    },
  );

  it('is given up after some runs, with its own error, and blocks nothing', async () => {
    await using database = await freshDatabase();
    let isOver = false;
    const { add, runs } = appOn(database.db, async (tx) => (isOver ? 'done' : fail(tx, '40001')));
    await expect(add('k')).rejects.toThrow();
    expect(runs()).toBe(5);
    isOver = true;
    expect(await add('k')).toBe('done');
  });

  it('in a real deadlock is run again: both take effect once', async () => {
    await using database = await freshDatabase();
    await database.db.execute(sql`insert into claims (name) values ('a'), ('b')`);
    const both = gate();
    let waiting = 0;
    const { add } = appOn(database.db, async (tx, _, input) => {
      const [first, second] = input === 'a' ? ['a', 'b'] : ['b', 'a'];
      await tx.execute(sql`update claims set name = name where name = ${first}`);
      if (++waiting === 2) both.open();
      await both.opened;
      await tx.execute(sql`update claims set name = name where name = ${second}`);
      return insertEffect(tx, input);
    });
    const answers = await Promise.all([add('k-1', 'a'), add('k-2', 'b')]);
    expect(new Set(answers).size).toBe(2);
    expect(await count(database.db, 'effects')).toBe(2);
    expect(waiting).toBeGreaterThan(2); // one of the two was chosen as the victim
  });

  it('on the unique key is no error: it looks again (a unique violation surfaced as a 503, and was retried by the breaker above)', async () => {
    await using database = await freshDatabase();
    const id = { scope: 'alice', key: 'k' };
    const { add, runs } = appOn(database.db, async (tx, run) => {
      if (run === 1) {
        // Another process, on an engine whose locks do nothing, gets through first.
        const other = drizzleStore(database.db);
        const look = await other.look(id);
        expect(look.record).toBeUndefined();
        await other.abandon(id, { retentionMs: 60_000 });
      }
      return insertEffect(tx, 'written');
    });
    await expect(add('k')).rejects.toSatisfy((error) => isOncekeyError(error, 'ABANDONED'));
    expect(runs()).toBe(1);
    expect(await count(database.db, 'effects')).toBe(0);
  });
});

describe('two plugins on one store', () => {
  it('each keep their own options, and name their keys alike (the first configuration won, the prefix grew with each)', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const apps = ['1h', '2h', '3h'].map((retention) => createApp(database.db, { store, retention: retention as '1h' }));
    const routers = apps.map((app) =>
      app.t.router({
        add: app.user.concat(app.idempotency.transactional()).mutation(({ ctx }) => insertEffect(ctx.db, 'added')),
      }),
    );
    const add = (at: number, key: string) => {
      const [app, router] = [apps[at], routers[at]];
      if (!app || !router) throw new Error('there are three');
      return app.t.createCallerFactory(router)(app.contextOf(key)).add();
    };
    for (const at of [0, 1, 2]) await add(at, `k-${at}`);
    const answer = await add(0, 'shared');
    expect(await add(1, 'shared')).toBe(answer);
    expect(await add(2, 'shared')).toBe(answer);
    const rows = await database.db.execute<{ key: string; hours: number }>(
      sql`select key, round(extract(epoch from expires_at - created_at) / 3600)::int as hours from oncekey_records order by key`,
    );
    expect(Array.from(rows)).toEqual([
      { key: 'k-0', hours: 1 },
      { key: 'k-1', hours: 2 },
      { key: 'k-2', hours: 3 },
      { key: 'shared', hours: 1 },
    ]);
  });
});
