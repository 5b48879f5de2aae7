/**
 * A process that a test kills in the middle of a handler's transaction: it writes its effect, says so on standard
 * output, and waits for an end that does not come.
 */

import { initTRPC } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import superjson from 'superjson';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency } from '../src/index.ts';

const [url = '', key = ''] = process.argv.slice(2);
const db = drizzle(postgres(url, { max: 2 }));
const idempotency = createIdempotency<{ user: string; db: PostgresJsDatabase }>({
  store: drizzleStore(db),
  scope: ({ ctx }) => ctx.user,
  transformer: superjson,
});
const t = initTRPC.context<{ user: string; db: PostgresJsDatabase }>().create({ transformer: superjson });
const router = t.router({
  add: t.procedure
    .concat(idempotency.intake)
    .input((raw) => String(raw))
    .concat(idempotency.transactional())
    .mutation(async ({ ctx, input }) => {
      await ctx.db.execute(sql`insert into effects (note) values (${input})`);
      process.stdout.write('written\n');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }),
});
await t
  .createCallerFactory(router)(idempotency.withKey({ user: 'alice', db }, key))
  .add('hello');
