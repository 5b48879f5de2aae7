/** What must and must not compile. Checked by `tsc`; nothing here runs. */
import { type inferRouterInputs, type inferRouterOutputs, initTRPC } from '@trpc/server';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency, type Idempotency, type Outcome } from '../src/index.ts';

type Db = PostgresJsDatabase<{ mine: never }>;
declare const db: Db;

const idempotency = createIdempotency<{ user: { id: string }; db: Db }>({
  store: drizzleStore(db),
  scope: ({ ctx }) => {
    expectTypeOf(ctx).toEqualTypeOf<{ user: { id: string }; db: Db }>();
    return ctx.user.id;
  },
});
const t = initTRPC
  .context<{ user?: { id: string; name: string }; db: Db; requestId: string }>()
  .meta<{ audit?: boolean }>()
  .create({ errorFormatter: idempotency.errorFormatter });

const base = t.procedure.concat(idempotency.intake);
const user = base.use(({ ctx, next }) => next({ ctx: { user: ctx.user ?? { id: 'x', name: 'y' } } }));

export const router = t.router({
  inferred: user
    .meta({ audit: true })
    .input(z.object({ n: z.number() }))
    .concat(idempotency.transactional({ retention: '7d', wait: 500 }))
    .mutation(({ ctx, input }) => {
      // Input and context come through, ctx.db is the transaction.
      expectTypeOf(input).toEqualTypeOf<{ n: number }>();
      expectTypeOf(ctx.db).toEqualTypeOf<Parameters<Parameters<Db['transaction']>[0]>[0]>();
      expectTypeOf(ctx.db.rollback).toBeFunction();
      expectTypeOf(ctx.user.name).toEqualTypeOf<string>();
      expectTypeOf(ctx.requestId).toEqualTypeOf<string>();
      expectTypeOf(ctx.idempotency).toEqualTypeOf<Idempotency>();
      return { at: new Date(), input };
    }),
  inputAfter: user
    .concat(idempotency.transactional())
    .input(z.string())
    .output(z.number())
    .mutation(({ input }) => input.length),
  pushed: user
    .input(z.object({ file: z.string() }))
    .concat(
      idempotency.leased({
        lease: '10s',
        dedupe: { by: ({ ctx, input }) => [ctx.user.id, input.file], while: 'running', until: 'settled', on: 'replay' },
      }),
    )
    .mutation(async ({ ctx, input }) => {
      expectTypeOf(input).toEqualTypeOf<{ file: string }>();
      // Its database is what it was; a step's is the transaction.
      expectTypeOf(ctx.db).toEqualTypeOf<Db>();
      const id = await ctx.idempotency.step('push', ({ key }) => key.length, { check: () => undefined });
      expectTypeOf(id).toEqualTypeOf<number>();
      return ctx.idempotency.transactionalStep('book', async (tx) => {
        expectTypeOf(tx).toEqualTypeOf<Parameters<Parameters<Db['transaction']>[0]>[0]>();
        return new Date();
      });
    }),
  idempotency: idempotency.outcomes(user),
  // A public procedure asks for no person.
  open: base.concat(idempotency.transactional({ scope: 'public' })).mutation(({ ctx }) => ctx.idempotency.key),
});

expectTypeOf<inferRouterInputs<typeof router>['inferred']>().toEqualTypeOf<{ n: number }>();
expectTypeOf<inferRouterOutputs<typeof router>['inferred']['input']>().toEqualTypeOf<{ n: number }>();
expectTypeOf<inferRouterOutputs<typeof router>['inputAfter']>().toEqualTypeOf<number>();

expectTypeOf<inferRouterOutputs<typeof router>['pushed']>().toEqualTypeOf<string>();
expectTypeOf<inferRouterInputs<typeof router>['idempotency']['outcome']>().toEqualTypeOf<{ readonly key: string }>();
expectTypeOf<inferRouterOutputs<typeof router>['idempotency']['outcome']>().toEqualTypeOf<Outcome>();

// @ts-expect-error: a transaction is there at its end only: nothing of it runs until it is settled by returning
idempotency.transactional({ dedupe: { by: () => ['x'], while: 'running', until: 'returned' } });
// @ts-expect-error: a window or a while, not none
idempotency.transactional({ dedupe: { by: () => ['x'] } });
export const executed = idempotency.execute(
  { mode: 'transactional', operation: 'x', scope: 'worker', key: 'k' },
  async ({ db: tx }) => {
    expectTypeOf(tx).toEqualTypeOf<Parameters<Parameters<Db['transaction']>[0]>[0]>();
    return 1n;
  },
);
expectTypeOf<Awaited<typeof executed>['data']>().toEqualTypeOf<bigint>();

// A context in which `user` may be missing lacks what the scope needs.
// @ts-expect-error
base.concat(idempotency.transactional());

// A query cannot say that it has effects once; that is checked when it runs, since tRPC does not type it.
const other = initTRPC.context<{ tenant: string; db: Db }>().create();
// @ts-expect-error: no user at all
other.procedure.concat(idempotency.transactional());
// @ts-expect-error: no db
initTRPC.context<{ user: { id: string } }>().create().procedure.concat(idempotency.transactional());

// @ts-expect-error: a scope is required
createIdempotency<{ user: { id: string }; db: Db }>({ store: drizzleStore(db) });
// @ts-expect-error: only from the server's context, and a string
createIdempotency<{ user: { id: number }; db: Db }>({ store: drizzleStore(db), scope: ({ ctx }) => ctx.user.id });
// @ts-expect-error: not a duration
idempotency.transactional({ retention: 'a day' });
