/** What must and must not compile. Checked by `tsc`; nothing here runs. */
import { type inferRouterInputs, type inferRouterOutputs, initTRPC } from '@trpc/server';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency, type Idempotency } from '../src/index.ts';

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
  // A public procedure asks for no person.
  open: base.concat(idempotency.transactional({ scope: 'public' })).mutation(({ ctx }) => ctx.idempotency.key),
});

expectTypeOf<inferRouterInputs<typeof router>['inferred']>().toEqualTypeOf<{ n: number }>();
expectTypeOf<inferRouterOutputs<typeof router>['inferred']['input']>().toEqualTypeOf<{ n: number }>();
expectTypeOf<inferRouterOutputs<typeof router>['inputAfter']>().toEqualTypeOf<number>();

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
