/** What the crash kit kills: one leased request with two steps, the first of them at another system. */
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
    pay: t.procedure
      .concat(idempotency.intake)
      .concat(idempotency.leased({ lease: '1s' }))
      .mutation(async ({ ctx }) => {
        const { step, transactionalStep, executionId } = ctx.idempotency;
        // The other system keeps no request ids: without the check it would be paid twice.
        const payment = await step(
          'pay',
          async ({ key: requestId }) => {
            await db.execute(sql`insert into effects (note) values (${`${key} paid ${requestId}`})`);
            point('paid, and the answer is on its way');
            return requestId;
          },
          {
            async check({ key: requestId }) {
              const note = `${key} paid ${requestId}`;
              const [row] = await db.execute(sql`select 1 from effects where note = ${note}`);
              return row && requestId;
            },
          },
        );
        await transactionalStep('book', (tx) =>
          tx.execute(sql`insert into effects (note) values (${`${key} booked`})`),
        );
        return { executionId, payment };
      }),
  });
  return t
    .createCallerFactory(router)(idempotency.withKey({ user: 'alice', db }, key))
    .pay();
});
