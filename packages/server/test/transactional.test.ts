import { isOncekeyError, type OncekeyErrorData, oncekeyErrorData } from '@oncekey/core';
import { TRPCError } from '@trpc/server';
import { sql } from 'drizzle-orm';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { drizzleStore } from '../src/drizzle/index.ts';
import type { CallOptions, Store } from '../src/index.ts';
import { type Ctx, connect, count, createApp, type Db, freshDatabase, gate, insertEffect, until } from './fixture.ts';

type Handler = (opts: { ctx: Ctx & { idempotency: { key: string; executionId: string } }; input: string }) => unknown;

/** One process with one protected mutation, called as a server-side caller calls it. */
function createProcess(
  db: Db,
  handler: Handler,
  options: Parameters<typeof createApp>[1] & { call?: CallOptions } = {},
) {
  const { call, ...appOptions } = options;
  const app = createApp(db, appOptions);
  const router = app.t.router({
    add: app.user
      .input(z.string())
      .concat(app.idempotency.transactional(call))
      .mutation(({ ctx, input }) => handler({ ctx: ctx as unknown as Parameters<Handler>[0]['ctx'], input })),
  });
  const createCaller = app.t.createCallerFactory(router);
  return (key: string, input = 'hello', person = 'alice') => createCaller(app.contextOf(key, person)).add(input);
}

const refusal = async (promise: Promise<unknown>): Promise<OncekeyErrorData | undefined> =>
  promise.then(() => undefined, oncekeyErrorData);

describe('one effect per key', () => {
  it('answers a second request from the record, as the first answer', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, async ({ ctx, input }) => ({
      id: await insertEffect(ctx.db, input),
      at: new Date(),
      more: new Map([['n', 1n]]),
      nothing: undefined,
    }));
    const first = await add('k');
    expect(await add('k')).toStrictEqual(first);
    expect(superjson.stringify(await add('k'))).toBe(superjson.stringify(first));
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('holds for 50 requests at once in one process, on a pool of 4, with a handler that takes a second connection', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, async ({ ctx, input }) => {
      const id = await insertEffect(ctx.db, input);
      await database.db.execute(sql`select pg_sleep(0.02)`); // from the same pool of 4
      return id;
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => add('k')));
    expect(new Set(answers).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('holds for 50 processes with a connection each', async () => {
    await using database = await freshDatabase();
    const pools = Array.from({ length: 50 }, () => connect(database.url, 1));
    const answers = await Promise.all(
      pools.map(({ db }) =>
        createProcess(db, async ({ ctx, input }) => {
          const id = await insertEffect(ctx.db, input);
          await ctx.db.execute(sql`select pg_sleep(0.05)`);
          return id;
        })('k'),
      ),
    );
    await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()));
    expect(new Set(answers).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('holds for 12 plugins that share one pool of 4 and whose handler takes a second connection from it', async () => {
    await using database = await freshDatabase();
    const plugins = Array.from({ length: 12 }, () =>
      createProcess(database.db, async ({ ctx, input }) => {
        const id = await insertEffect(ctx.db, input);
        await database.db.execute(sql`select pg_sleep(0.05)`);
        return id;
      }),
    );
    const answers = await Promise.all(plugins.flatMap((add) => [add('k'), add('k'), add('k'), add('k')]));
    expect(new Set(answers).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('holds where advisory locks do nothing: the unique key alone makes it true', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const lockless: Store<Parameters<Parameters<Db['transaction']>[0]>[0]> = {
      ...store,
      transact: (id, body) => store.transact(id, (claim) => body({ ...claim, locked: true })),
    };
    let runs = 0;
    const bothRun = gate();
    const plugins = [1, 2].map(() =>
      createProcess(
        database.db,
        async ({ ctx, input }) => {
          if (++runs === 2) bothRun.open();
          await bothRun.opened;
          return insertEffect(ctx.db, input);
        },
        { store: lockless },
      ),
    );
    const answers = await Promise.all(plugins.map((add) => add('k')));
    expect(runs).toBe(2);
    expect(new Set(answers).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('gives the replay, not the app’s own conflict, to an attempt that lost the race inside its handler (get→create answered 409)', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const lockless: Store<Parameters<Parameters<Db['transaction']>[0]>[0]> = {
      ...store,
      transact: (id, body) => store.transact(id, (claim) => body({ ...claim, locked: true })),
    };
    let runs = 0;
    const bothRun = gate();
    const plugins = [1, 2].map(() =>
      createProcess(
        database.db,
        async ({ ctx }) => {
          if (++runs === 2) bothRun.open();
          await bothRun.opened;
          await ctx.db.execute(sql`insert into claims (name) values ('order 1043')`); // the app's own unique constraint
          return 'claimed';
        },
        { store: lockless },
      ),
    );
    expect(await Promise.all(plugins.map((add) => add('k')))).toEqual(['claimed', 'claimed']);
    expect(await count(database.db, 'claims')).toBe(1);
  });

  it('is remembered for the retention, and then runs again', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, ({ ctx, input }) => insertEffect(ctx.db, input));
    await add('k');
    await database.db.execute(sql`update oncekey_records set expires_at = now()`);
    await add('k');
    await add('k');
    expect(await count(database.db, 'effects')).toBe(2);
    expect(await count(database.db, 'oncekey_records')).toBe(1);
  });
});

describe('a handler that fails', () => {
  it('leaves no record and no rows, and the retry runs', async () => {
    await using database = await freshDatabase();
    let broken = true;
    const add = createProcess(database.db, async ({ ctx, input }) => {
      const id = await insertEffect(ctx.db, input);
      if (broken) throw new TRPCError({ code: 'BAD_GATEWAY', message: 'the bank is away' });
      return id;
    });
    await expect(add('k')).rejects.toMatchObject({ code: 'BAD_GATEWAY', message: 'the bank is away' });
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
    broken = false;
    await add('k');
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('does not fail the duplicates that waited for it: the next in line runs', async () => {
    await using database = await freshDatabase();
    let runs = 0;
    const add = createProcess(database.db, async ({ ctx, input }) => {
      if (++runs === 1) throw new Error('the first client hung up');
      return insertEffect(ctx.db, input);
    });
    const [first, ...others] = await Promise.allSettled(Array.from({ length: 10 }, () => add('k')));
    expect(first?.status).toBe('rejected');
    expect(new Set(others.map((end) => end.status === 'fulfilled' && end.value)).size).toBe(1);
    expect(runs).toBe(2);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('that returns what cannot be stored leaves nothing, and says so', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, async ({ ctx, input }) => {
      await insertEffect(ctx.db, input);
      return { rows: (async function* () {})() };
    });
    expect(await refusal(add('k') as Promise<unknown>)).toMatchObject({ code: 'RESULT_UNSTORABLE', retry: 'never' });
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it('with the name of our error class is the app’s error all the same (it was re-run three times)', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, () => {
      throw Object.assign(new Error('mine'), {
        name: 'OncekeyError',
        data: { code: 'IN_PROGRESS', retry: 'same-key' },
      });
    });
    const error = await add('k').catch((thrown: unknown) => thrown);
    expect(isOncekeyError(error)).toBe(false);
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message: 'mine' });
  });
});

describe('a key that names another request', () => {
  it('is refused for other input, with when and by what it was first used, and nothing that was stored', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, ({ ctx, input }) => insertEffect(ctx.db, input));
    await add('k', 'secret first input');
    const error = await add('k', 'other').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNPROCESSABLE_CONTENT' });
    expect(oncekeyErrorData(error)).toEqual({
      code: 'KEY_REUSED',
      retry: 'new-key',
      firstOperation: 'add',
      firstUsedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(String((error as Error).message)).not.toContain('secret');
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('is refused while the first still runs: 422, not 409, and neither is a second run', async () => {
    await using database = await freshDatabase();
    const running = gate();
    const finish = gate();
    const add = createProcess(database.db, async ({ ctx, input }) => {
      running.open();
      await finish.opened;
      return insertEffect(ctx.db, input);
    });
    const first = add('k', 'one');
    await running.opened;
    expect(await refusal(add('k', 'two'))).toMatchObject({ code: 'KEY_REUSED' });
    finish.open();
    await first;
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('runs one of two bodies that come at the same moment to two processes, and refuses the other (both ran)', async () => {
    await using database = await freshDatabase();
    const plugins = [1, 2].map(() => createProcess(database.db, ({ ctx, input }) => insertEffect(ctx.db, input)));
    const ends = await Promise.allSettled(plugins.map((add, index) => add('k', `body ${index}`)));
    expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('is not refused for the order of the body’s properties, nor for what the handler did to its input (both counted as a mismatch)', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({
      add: app.user
        .input(z.custom<Record<string, unknown>>())
        .concat(app.idempotency.transactional())
        .mutation(async ({ ctx, input }) => {
          input['touched'] = true;
          return insertEffect(ctx.db, 'x');
        }),
    });
    const add = (input: Record<string, unknown>) => app.t.createCallerFactory(router)(app.contextOf('k')).add(input);
    const body = { b: 1, a: { d: 1, c: 2 } };
    expect(await add(body)).toBe(await add({ a: { c: 2, d: 1 }, b: 1 }));
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('is told apart by the raw input, though a parser fills in something random each time', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({
      add: app.user
        .input(z.object({ nonce: z.string().default(() => crypto.randomUUID()) }))
        .concat(app.idempotency.transactional())
        .mutation(({ ctx, input }) => insertEffect(ctx.db, input.nonce)),
    });
    const add = () => app.t.createCallerFactory(router)(app.contextOf('k')).add({});
    expect(await add()).toBe(await add());
  });
});

describe('a duplicate that waits', () => {
  it('holds no connection: with all of them waiting, the pool’s other connection is free (waiting on the unique index hung everything)', async () => {
    await using database = await freshDatabase();
    await using first = connect(database.url, 1);
    await using second = connect(database.url, 1); // one connection for ten waiters and the probe
    const running = gate();
    const finish = gate();
    const slow: Handler = async ({ ctx, input }) => {
      running.open();
      await finish.opened;
      return insertEffect(ctx.db, input);
    };
    const answer = createProcess(first.db, slow)('k');
    await running.opened;
    const add = createProcess(second.db, slow);
    const waiters = Array.from({ length: 10 }, () => add('k'));
    for (let probe = 0; probe < 20; probe++) {
      expect(await count(second.db, 'effects')).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const [open] = await second.db.execute<{ open: number }>(sql`
      select count(*)::int as open from pg_stat_activity
      where datname = current_database() and state = 'idle in transaction' and pid <> pg_backend_pid()`);
    expect(open?.open).toBe(1); // the first's own
    finish.open();
    expect(new Set(await Promise.all([answer, ...waiters])).size).toBe(1);
  });

  it('gets IN_PROGRESS when its wait is over, in the same process and in another, and the first goes on', async () => {
    await using database = await freshDatabase();
    const running = gate();
    const finish = gate();
    const slow: Handler = async ({ ctx, input }) => {
      running.open();
      await finish.opened;
      return insertEffect(ctx.db, input);
    };
    const here = createProcess(database.db, slow, { wait: '100ms' });
    const elsewhere = createProcess(database.db, slow, { wait: '100ms' });
    const first = here('k');
    await running.opened;
    for (const late of await Promise.all([refusal(here('k')), refusal(elsewhere('k'))])) {
      expect(late).toEqual({ code: 'IN_PROGRESS', retry: 'same-key', retryAfterMs: 1_000 });
    }
    finish.open();
    const answer = await first;
    expect(await here('k')).toBe(answer);
    expect(await elsewhere('k')).toBe(answer);
  });

  it('gets IN_PROGRESS at once with whenBusy: reject', async () => {
    await using database = await freshDatabase();
    const running = gate();
    const finish = gate();
    const slow: Handler = async () => {
      running.open();
      await finish.opened;
    };
    const options = { call: { whenBusy: 'reject' } } as const;
    const here = createProcess(database.db, slow, options);
    const elsewhere = createProcess(database.db, slow, options);
    const first = here('k');
    await running.opened;
    expect(await refusal(here('k'))).toMatchObject({ code: 'IN_PROGRESS' });
    expect(await refusal(elsewhere('k'))).toMatchObject({ code: 'IN_PROGRESS' });
    finish.open();
    await first;
  });

  it('runs itself when the first’s connection dies, without waiting for a lease to end', async () => {
    await using database = await freshDatabase();
    await using doomed = connect(database.url, 1);
    const running = gate();
    const dead = createProcess(doomed.db, async ({ ctx, input }) => {
      await insertEffect(ctx.db, input);
      running.open();
      await ctx.db.execute(sql`select pg_sleep(60)`);
    });
    const first = refusal(dead('k'));
    await running.opened;
    const second = createProcess(database.db, ({ ctx, input }) => insertEffect(ctx.db, input))('k');
    await database.db.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`);
    await second;
    await first;
    await until(async () => (await count(database.db, 'effects')) === 1);
    expect(await count(database.db, 'oncekey_records')).toBe(1);
  });
});

describe('two people with the same key', () => {
  it('never get each other’s answer, also at the same moment (no tenant in the primary key)', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, async ({ ctx, input }) => {
      const id = await insertEffect(ctx.db, input);
      return { id, for: ctx.user };
    });
    const people = Array.from({ length: 8 }, (_, index) => `person-${index % 2}`);
    const answers = await Promise.all(people.map((person) => add('k', 'hello', person)));
    expect(answers.map((answer) => (answer as { for: string }).for)).toEqual(people);
    expect(await count(database.db, 'effects')).toBe(2);
  });

  it.each(['', '~public', 'x'.repeat(256)])('a scope of %j is an error, not a shared bucket', async (scope) => {
    await using database = await freshDatabase();
    let ran = false;
    const add = createProcess(
      database.db,
      () => {
        ran = true;
      },
      { scope: () => scope },
    );
    expect(await refusal(add('k'))).toMatchObject({ code: 'MISCONFIGURED' });
    expect(ran).toBe(false);
  });
});

describe('a stored result that can no longer be read', () => {
  it('says so and is not run again (corrupt stored JSON crashed the reader)', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db, ({ ctx, input }) => insertEffect(ctx.db, input));
    await add('k');
    await database.db.execute(sql`update oncekey_records set result = '{'`);
    expect(await refusal(add('k'))).toMatchObject({ code: 'RESULT_UNREADABLE', retry: 'never' });
    expect(await count(database.db, 'effects')).toBe(1);
  });
});
