import { oncekeyErrorData } from '@oncekey/core';
import { initTRPC } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency } from '../src/index.ts';
import { count, createApp, type Db, freshDatabase, insertEffect } from './fixture.ts';

/** What stands where in a procedure's chain, and what that means. */
describe('the middleware', () => {
  it('added twice does not wait for itself', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({
      add: app.user
        .concat(app.idempotency.intake)
        .concat(app.idempotency.transactional())
        .concat(app.idempotency.transactional())
        .mutation(({ ctx }) => insertEffect(ctx.db, 'x')),
    });
    const add = () => app.t.createCallerFactory(router)(app.contextOf('k')).add();
    expect(await add()).toBe(await add());
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('without the intake says what is missing, before anything runs', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    let ran = false;
    const router = app.t.router({
      add: app.t.procedure
        .use(({ next }) => next({ ctx: { user: 'alice' } }))
        .concat(app.idempotency.transactional())
        .mutation(() => {
          ran = true;
        }),
    });
    const error = await app.t
      .createCallerFactory(router)(app.contextOf('k'))
      .add()
      .catch((thrown: unknown) => thrown);
    expect(oncekeyErrorData(error)).toMatchObject({ code: 'MISCONFIGURED' });
    expect(ran).toBe(false);
  });

  it('on a query says that only mutations have effects', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({ read: app.user.concat(app.idempotency.transactional()).query(() => 1) });
    const error = await app.t
      .createCallerFactory(router)(app.contextOf('k'))
      .read()
      .catch((thrown: unknown) => thrown);
    expect(oncekeyErrorData(error)).toMatchObject({ code: 'MISCONFIGURED' });
  });

  it('before `.output()` rolls back what an output parser refuses', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({
      add: app.user
        .concat(app.idempotency.transactional())
        .output(z.object({ id: z.string() }))
        .mutation(async ({ ctx }) => ({ id: (await insertEffect(ctx.db, 'x')) as unknown as string })),
    });
    await expect(app.t.createCallerFactory(router)(app.contextOf('k')).add()).rejects.toThrow(
      'Output validation failed',
    );
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });

  it('refuses input before it looks at the key, and leaves no record of it', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const router = app.t.router({
      add: app.user
        .input(z.object({ n: z.number() }))
        .concat(app.idempotency.transactional())
        .mutation(({ ctx }) => insertEffect(ctx.db, 'x')),
    });
    const caller = app.t.createCallerFactory(router);
    // @ts-expect-error: what a broken client sends
    await expect(caller(app.contextOf('k')).add({ n: 'x' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await count(database.db, 'oncekey_records')).toBe(0);
    await caller(app.contextOf('k')).add({ n: 1 }); // the same key is free
  });
});

describe('a caller nested in a handler', () => {
  it('gets a key of its own and never the outer call’s', async () => {
    await using database = await freshDatabase();
    const app = createApp(database.db);
    const inner = app.t.router({
      add: app.user.concat(app.idempotency.transactional()).mutation(({ ctx }) => insertEffect(ctx.db, 'inner')),
    });
    const callInner = app.t.createCallerFactory(inner);
    const outer = app.t.router({
      add: app.user.concat(app.idempotency.transactional()).mutation(async ({ ctx }) => {
        const { idempotency: _, ...outerCtx } = ctx;
        const withoutKey = await callInner({ ...outerCtx, db: database.db })
          .add()
          .catch(oncekeyErrorData);
        const withKey = await callInner(app.idempotency.withKey({ ...outerCtx, db: database.db }, 'inner')).add();
        return { withoutKey, withKey, own: await insertEffect(ctx.db, 'outer') };
      }),
    });
    const answer = await app.t.createCallerFactory(outer)(app.contextOf('k')).add();
    expect(answer.withoutKey).toMatchObject({ code: 'KEY_REQUIRED' });
    expect(answer.withKey).not.toBe(answer.own);
    expect(await count(database.db, 'effects')).toBe(2);
  });
});

describe('a public procedure', () => {
  it('needs no person, and its record is nobody’s', async () => {
    await using database = await freshDatabase();
    const { db } = database;
    const idempotency = createIdempotency<{ user: string; db: Db }>({
      store: drizzleStore(db),
      scope: ({ ctx }) => ctx.user,
    });
    const t = initTRPC.context<{ db: Db }>().create();
    const router = t.router({
      subscribe: t.procedure
        .concat(idempotency.intake)
        .concat(idempotency.transactional({ scope: 'public' }))
        .mutation(({ ctx }) => insertEffect(ctx.db, 'newsletter')),
    });
    const subscribe = () => t.createCallerFactory(router)(idempotency.withKey({ db }, 'k')).subscribe();
    expect(await subscribe()).toBe(await subscribe());
    expect(await count(db, 'effects')).toBe(1);
  });
});

describe('a wrong option', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'soon' as never])(
    'retention %s fails the start',
    (retention) => {
      expect(() => createApp({} as Db, { retention })).toThrow(/^retention/);
      expect(() => createApp({} as Db).idempotency.transactional({ retention })).toThrow(/^retention/);
    },
  );
});
