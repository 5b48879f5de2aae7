import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError } from '@oncekey/core';
import { type ProxyServer, startProxy } from '@oncekey/proxy';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { connect, count, createApp, type Db, freshDatabase, gate, insertEffect } from './fixture.ts';

/** A process whose database is behind a network that fails, and one that has a better one. */
async function setUp() {
  const database = await freshDatabase();
  const proxy = await startProxy(Number(new URL(database.url).port));
  // Not prepared: the network knows a statement by its text, and cuts at that.
  const pool = connect(proxy.url(database.url), 4, { prepare: false });
  return {
    database,
    proxy,
    cut: appOn(pool.db),
    well: appOn(database.db),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

function appOn(db: Db) {
  const app = createApp(db, { store: drizzleStore(db, { answerWithin: '400ms' }) });
  let runs = 0;
  let handler: (signal?: AbortSignal) => Promise<void> = async () => {};
  const router = app.t.router({
    transactional: app.user.concat(app.idempotency.transactional()).mutation(async ({ ctx }) => {
      runs++;
      const id = await insertEffect(ctx.db, 'written');
      await handler();
      return id;
    }),
    leased: app.user.concat(app.idempotency.leased({ lease: '1s' })).mutation(async ({ ctx }) => {
      runs++;
      const { signal, step } = ctx.idempotency;
      const id = await step('write', () => `effect ${runs}`);
      await handler(signal);
      return id;
    }),
  });
  const caller = (key: string) => app.t.createCallerFactory(router)(app.contextOf(key));
  return {
    send: (mode: 'transactional' | 'leased', key: string): Promise<unknown> => caller(key)[mode](),
    runs: () => runs,
    handle(next: typeof handler) {
      handler = next;
    },
  };
}

const isUnavailable = (error: unknown) => isOncekeyError(error, 'STORE_UNAVAILABLE');

/** What cuts, and what the claim of each mode looks like on the wire. */
const CUTS: readonly (readonly [string, (proxy: ProxyServer) => void])[] = [
  ['goes silent', (proxy) => proxy.set('silent')],
  ['is reset', (proxy) => proxy.reset()],
  ['lets no answer back', (proxy) => proxy.set('deaf')],
];
const CLAIMS = { transactional: /begin/, leased: /insert into oncekey_records/ } as const;
const ENDS = { transactional: /commit/, leased: /update oncekey_records r set state/ } as const;

for (const mode of ['transactional', 'leased'] as const) {
  describe(`a network that fails under a ${mode} mutation`, () => {
    it.each(CUTS)('mid-claim, when it %s: it fails closed, and the retry takes effect once', async (_, cutIt) => {
      await using world = await setUp();
      const { proxy, cut, well, database } = world;
      await cut.send(mode, createKey()); // the statements are prepared
      const key = createKey();
      const runs = cut.runs();
      const isCut = proxy.before(CLAIMS[mode], () => cutIt(proxy));
      await expect(cut.send(mode, key)).rejects.toSatisfy(isUnavailable);
      await isCut;
      expect(cut.runs()).toBe(runs); // the handler has not run
      proxy.set('fair');
      const answer = await cut.send(mode, key);
      expect(await well.send(mode, key)).toBe(answer);
      expect(cut.runs() + well.runs()).toBe(runs + 1);
      if (mode === 'transactional') expect(await count(database.db, 'effects')).toBe(2);
    });

    it.each(CUTS)(
      'at its end, when it %s: whatever became of it, the retry gets one answer (the record was deleted when its end could not be stored)',
      async (_, cutIt) => {
        await using world = await setUp();
        const { proxy, cut, well, database } = world;
        await cut.send(mode, createKey());
        const key = createKey();
        const isCut = proxy.before(ENDS[mode], () => {
          cutIt(proxy);
          setTimeout(() => proxy.set('fair'), 600);
        });
        const first = await cut.send(mode, key).catch((error: unknown) => error);
        await isCut;
        // The leased end is stored again as long as the lease lasts; a transaction's commit is never sent twice.
        if (first instanceof Error) expect(first).toSatisfy(isUnavailable);
        proxy.set('fair');
        const answer = await cut.send(mode, key);
        expect(await well.send(mode, key)).toBe(answer);
        if (!(first instanceof Error)) expect(answer).toBe(first);
        if (mode === 'transactional') expect(await count(database.db, 'effects')).toBe(2);
      },
    );

    it('that is only slow: one effect, one answer', async () => {
      await using world = await setUp();
      const { proxy, cut, well } = world;
      proxy.delay(60);
      const key = createKey();
      const answers = await Promise.all([cut.send(mode, key), well.send(mode, key)]);
      expect(new Set(answers).size).toBe(1);
      expect(cut.runs() + well.runs()).toBe(1);
    });
  });
}

describe('the commit whose answer is lost', () => {
  it('was a commit: the caller is told to ask again, and is answered from the record', async () => {
    await using world = await setUp();
    const { proxy, cut, well, database } = world;
    await cut.send('transactional', createKey());
    const key = createKey();
    proxy.before(/commit/, () => proxy.set('deaf'));
    await expect(cut.send('transactional', key)).rejects.toSatisfy(isUnavailable);
    proxy.set('fair');
    await well.send('transactional', key);
    expect(well.runs()).toBe(0);
    expect(await count(database.db, 'effects')).toBe(2);
  });
});

describe('a network that goes silent under a heartbeat', () => {
  it('loses the lease: the signal aborts, another takes over, and the late end changes nothing', async () => {
    await using world = await setUp();
    const { proxy, cut, well } = world;
    const key = createKey();
    const inside = gate();
    const leave = gate();
    let reason: unknown;
    cut.handle(async (signal) => {
      signal?.addEventListener('abort', () => {
        reason = signal.reason;
      });
      inside.open();
      await leave.opened;
    });
    const late = cut.send('leased', key).catch((error: unknown) => error);
    await inside.opened;
    proxy.set('silent');
    const answer = await well.send('leased', key); // waits for the lease's end, then takes over
    expect(well.runs()).toBe(1);
    expect(await late).toSatisfy((error) => isOncekeyError(error, 'LEASE_LOST') || isUnavailable(error));
    expect(reason).toSatisfy((error) => isOncekeyError(error, 'LEASE_LOST'));
    proxy.set('fair');
    leave.open();
    await sleep(50); // its end, if it were sent
    expect(await well.send('leased', key)).toBe(answer);
  });

  it('for a moment only is outlived', async () => {
    await using world = await setUp();
    const { proxy, cut, well } = world;
    const key = createKey();
    cut.handle(() => sleep(2_200));
    const slow = cut.send('leased', key);
    await proxy.before(/update oncekey_records r set lease_expires_at/, () => proxy.reset());
    expect(await Promise.all([slow, well.send('leased', key)])).toEqual(['effect 1', 'effect 1']);
    expect(well.runs()).toBe(0);
  });
});

it('a pool is usable again after the network is, and nothing hangs while it is not', async () => {
  await using world = await setUp();
  const { proxy, cut } = world;
  proxy.set('silent');
  const sent = Array.from({ length: 12 }, (_, i) => cut.send(i % 2 ? 'leased' : 'transactional', createKey()));
  for (const result of await Promise.allSettled(sent)) expect(result.status).toBe('rejected');
  proxy.set('fair');
  proxy.reset();
  await cut.send('transactional', createKey()).catch(() => {}); // one that was in line for a dead connection
  expect(await cut.send('transactional', createKey())).toEqual(expect.any(Number));
});
