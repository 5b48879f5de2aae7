/** A server of the HTTP case, a process of its own: the same mutation with or without protection. */
import { serve } from '@hono/node-server';
import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { Hono } from 'hono';
import superjson from 'superjson';
import { z } from 'zod';
import { effect, open } from '../systems/database.ts';

interface Context {
  readonly db: PostgresJsDatabase;
}

const [, , url = '', kind] = process.argv;
const { db } = open(url, 16);
const Input = z.object({ note: z.string() });

function plainRouter() {
  const t = initTRPC.context<Context>().create({ transformer: superjson, isDev: false });
  return t.router({
    create: t.procedure.input(Input).mutation(({ ctx, input }) => ctx.db.transaction((tx) => effect(tx, input.note))),
  });
}

/** As the README says it. */
function protectedRouter() {
  const idempotency = createIdempotency<Context>({
    store: drizzleStore(db),
    scope: () => 'bench',
    transformer: superjson,
  });
  const t = initTRPC
    .context<Context>()
    .create({ transformer: superjson, errorFormatter: idempotency.errorFormatter, isDev: false });
  return t.router({
    create: t.procedure
      .concat(idempotency.intake)
      .input(Input)
      .concat(idempotency.transactional())
      .mutation(({ ctx, input }) => effect(ctx.db, input.note)),
  });
}

export type PlainRouter = ReturnType<typeof plainRouter>;
export type ProtectedRouter = ReturnType<typeof protectedRouter>;

const router = kind === 'protected' ? protectedRouter() : plainRouter();
const app = new Hono().all('/trpc/*', (c) =>
  fetchRequestHandler({ endpoint: '/trpc', req: c.req.raw, router, createContext: () => ({ db }) }),
);
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send?.(port));
process.once('disconnect', () => process.exit());
