import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError } from '@oncekey/core';
import { type Postgres, startPostgres } from '@oncekey/postgres';
import { startProxy } from '@oncekey/proxy';
import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { drizzleStore, migrate } from '../src/drizzle/index.ts';
import { connect, count, createApp, type Db, insertEffect, until } from './fixture.ts';

/** A folder that the server's own user can reach, gone with the test. */
function folder() {
  const path = mkdtempSync(join(tmpdir(), 'oncekey-failover-'));
  if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function createTables(db: Db): Promise<void> {
  await migrate(db);
  await db.execute(sql`create table effects (id serial primary key, note text not null)`);
}

function appOn(db: Db) {
  const app = createApp(db, { store: drizzleStore(db, { answerWithin: '1s' }) });
  const router = app.t.router({
    add: app.user.concat(app.idempotency.transactional()).mutation(async ({ ctx }) => {
      const id = await insertEffect(ctx.db, ctx.idempotency.key);
      await sleep(5);
      return id;
    }),
    book: app.user
      .concat(app.idempotency.leased({ lease: '1s' }))
      .mutation(({ ctx }) => ctx.idempotency.transactionalStep('book', (tx) => insertEffect(tx, ctx.idempotency.key))),
  });
  return (key: string) => {
    const caller = app.t.createCallerFactory(router)(app.contextOf(key));
    return key.startsWith('lease') ? caller.book() : caller.add();
  };
}

/** As a client does: the same key until there is an answer. */
async function persistently(send: (key: string) => Promise<number>, key: string): Promise<number> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await send(key);
    } catch (error) {
      const isOpen = ['STORE_UNAVAILABLE', 'IN_PROGRESS', 'LEASE_LOST'].some((code) =>
        isOncekeyError(error, code as 'IN_PROGRESS'),
      );
      // A statement of the handler's own that was cut is the handler's error, and its retry runs.
      if (!isOpen && !/Failed query|CONNECTION|closed|ended/i.test(String(error))) throw error;
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Calls in flight, endlessly, until they are stopped: then every key has its answer. */
function load(send: (key: string) => Promise<number>) {
  const answers = new Map<string, Promise<number>>();
  let isOver = false;
  const workers = Array.from({ length: 10 }, async (_, worker) => {
    while (!isOver) {
      const key = worker < 5 ? createKey() : `lease-${createKey()}`;
      const answer = persistently(send, key);
      answers.set(key, answer);
      await answer;
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(workers);
    return new Map(await Promise.all([...answers].map(async ([key, answer]) => [key, await answer] as const)));
  };
}

async function expectOneEffectEach(db: Db, answers: ReadonlyMap<string, number>) {
  const rows = await db.execute<{ note: string; id: number }>(sql`select note, id from effects`);
  const effects = Array.from(rows);
  expect(effects.length).toBe(answers.size);
  for (const { note, id } of effects) expect(answers.get(note), note).toBe(id);
}

it('a database that is killed and comes back: every key in flight ends with one effect', async () => {
  using dir = folder();
  const options = { dir: join(dir.path, 'primary'), durable: true };
  let server: Postgres = await startPostgres(options);
  await using proxy = await startProxy(server.port);
  try {
    await using pool = connect(proxy.url(server.url), 8);
    await createTables(pool.db);
    const stop = load(appOn(pool.db));
    await until(async () => (await count(pool.db, 'effects')) >= 20);
    process.kill(server.pid, 'SIGKILL');
    server = await startPostgres(options);
    proxy.redirect(server.port);
    await sleep(300);
    const answers = await stop();
    await expectOneEffectEach(pool.db, answers);
    const send = appOn(pool.db);
    for (const [key, answer] of [...answers].slice(0, 40)) expect(await send(key)).toBe(answer);
  } finally {
    await server.stop();
  }
}, 90_000);

it('a failover to a synchronous standby: what was answered is answered so again, and nothing happens twice', async () => {
  using dir = folder();
  const settings = { wal_level: 'replica', hot_standby: 'on', wal_log_hints: 'on' };
  const primaryDir = join(dir.path, 'primary');
  const standbyDir = join(dir.path, 'standby');
  const running: Postgres[] = [];
  try {
    const first = await startPostgres({ dir: primaryDir, durable: true, settings });
    await using setUp = connect(first.url, 1);
    await setUp.db.execute(sql`select pg_create_physical_replication_slot('standby')`);
    await first.stop();
    // The same cluster, byte by byte: what pg_basebackup would bring, which is not among the binaries.
    execFileSync('cp', ['-a', primaryDir, standbyDir]);
    rmSync(join(standbyDir, 'pg_replslot', 'standby'), { recursive: true });
    writeFileSync(join(standbyDir, 'standby.signal'), '');
    const owner = statSync(join(standbyDir, 'PG_VERSION'));
    chownSync(join(standbyDir, 'standby.signal'), owner.uid, owner.gid);

    const primary = await startPostgres({ dir: primaryDir, durable: true, settings });
    running.push(primary);
    const standby = await startPostgres({
      dir: standbyDir,
      durable: true,
      settings: {
        ...settings,
        primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`,
        primary_slot_name: 'standby',
      },
    });
    running.push(standby);
    await using direct = connect(primary.url, 1);
    const isStreaming = async () =>
      (await direct.db.execute(sql`select 1 from pg_stat_replication where state = 'streaming'`)).length > 0;
    await until(isStreaming);
    await direct.db.execute(sql`alter system set synchronous_standby_names = 'standby'`);
    await direct.db.execute(sql`select pg_reload_conf()`);
    await until(
      async () =>
        (await direct.db.execute(sql`select 1 from pg_stat_replication where sync_state = 'sync'`)).length > 0,
    );
    await createTables(direct.db);

    await using proxy = await startProxy(primary.port);
    await using pool = connect(proxy.url(primary.url), 8);
    await using promoted = connect(standby.url, 2);
    const stop = load(appOn(pool.db));
    await until(async () => (await count(pool.db, 'effects')) >= 20);
    process.kill(primary.pid, 'SIGKILL');
    await promoted.db.execute(sql`select pg_promote()`);
    proxy.redirect(standby.port);
    await sleep(300);
    const answers = await stop();
    await expectOneEffectEach(promoted.db, answers);
    const send = appOn(promoted.db);
    for (const [key, answer] of [...answers].slice(0, 40)) expect(await send(key)).toBe(answer);
  } finally {
    for (const server of running) await server.stop();
  }
}, 90_000);
