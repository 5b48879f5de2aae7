/** The server of the HTTP case, a process of its own: the same mutation with and without protection. */
import { serve } from '@hono/node-server';
import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { Hono } from 'hono';
import superjson from 'superjson';
import { z } from 'zod';
import { effect, open } from './systems/database.ts';

const { db } = open(process.argv[2] ?? '', 16);
const idempotency = createIdempotency<{ db: PostgresJsDatabase }>({
  store: drizzleStore(db),
  scope: () => 'bench',
  transformer: superjson,
});
const t = initTRPC
  .context<{ db: PostgresJsDatabase }>()
  .create({ transformer: superjson, errorFormatter: idempotency.errorFormatter, isDev: false });
const Input = z.object({ note: z.string() });

const router = t.router({
  plain: t.procedure.input(Input).mutation(({ ctx, input }) => ctx.db.transaction((tx) => effect(tx, input.note))),
  once: t.procedure
    .concat(idempotency.intake)
    .input(Input)
    .concat(idempotency.transactional())
    .mutation(({ ctx, input }) => effect(ctx.db, input.note)),
});
export type BenchRouter = typeof router;

const app = new Hono().all('/trpc/*', (c) =>
  fetchRequestHandler({ endpoint: '/trpc', req: c.req.raw, router, createContext: () => ({ db }) }),
);
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => process.send?.(port));
process.once('disconnect', () => server.close(() => process.exit(0)));
