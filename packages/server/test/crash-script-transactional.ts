/** What the crash kit kills: one transactional request. */
import { initTRPC } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import superjson from 'superjson';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency } from '../src/index.ts';
import { underCrash } from '../src/testing/index.ts';

type Ctx = { user: string; db: PostgresJsDatabase };

await underCrash(async ({ key, crashable, point }) => {
  const db = drizzle(postgres(process.argv[2] ?? '', { max: 2 }));
  const idempotency = createIdempotency<Ctx>({
    store: crashable(drizzleStore(db, { events: 'all' })),
    scope: ({ ctx }) => ctx.user,
    transformer: superjson,
  });
  const t = initTRPC.context<Ctx>().create({ transformer: superjson });
  const router = t.router({
    add: t.procedure
      .concat(idempotency.intake)
      .concat(idempotency.transactional())
      .mutation(async ({ ctx }) => {
        await ctx.db.execute(sql`insert into effects (note) values (${`${key} first`})`);
        point('between two writes');
        await ctx.db.execute(sql`insert into effects (note) values (${`${key} second`})`);
        return ctx.idempotency.executionId;
      }),
  });
  return t
    .createCallerFactory(router)(idempotency.withKey({ user: 'alice', db }, key))
    .add();
});
