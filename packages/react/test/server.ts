import type { AddressInfo } from 'node:net';
import { createKey, ERRORS, OncekeyError, unwrapInput } from '@oncekey/core';
import { createIdempotency } from '@oncekey/server';
import { memoryStore } from '@oncekey/server/memory';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { z } from 'zod';

type Db = { transaction(run: (tx: Db) => Promise<unknown>): Promise<unknown> };
const db: Db = { transaction: async (run) => run(db) };
interface Ctx {
  readonly fixture: Fixture;
  readonly db: Db;
}

const idempotency = createIdempotency<Ctx>({
  // One for all servers of the tests: each has a scope of its own.
  store: memoryStore({ tx: db }),
  scope: ({ ctx }) => ctx.fixture.scope,
  transformer: superjson,
});
const t = initTRPC.context<Ctx>().create({
  transformer: superjson,
  isDev: false,
  errorFormatter: idempotency.errorFormatter,
});

/** Sees what arrives before oncekey does, and fails where a test has planned it. */
const watched = t.procedure.use(async (opts) => {
  const { fixture } = opts.ctx;
  if (opts.path.startsWith('idempotency.')) {
    fixture.asked.push(opts.path);
    return opts.next();
  }
  const raw = await opts.getRawInput().catch(() => undefined);
  const envelope = unwrapInput(raw);
  fixture.sent.push({ key: envelope ? String(envelope.key) : undefined, input: envelope ? envelope.input : raw });
  await fixture.gate;
  const planned = fixture.failures.shift();
  if (planned) throw planned;
  return opts.next();
});
const base = watched.concat(idempotency.intake);
/** Without a link no key comes: then the server makes one, and the client must notice. */
const once = idempotency.transactional({ key: 'generate' });

const procedures = {
  pay: base
    .input(z.object({ amount: z.number() }))
    .concat(once)
    .mutation(({ ctx, input }) => ({ id: ++ctx.fixture.effects, amount: input.amount, at: new Date(5) })),
  refund: base
    .input(z.object({ amount: z.number() }))
    .concat(once)
    .mutation(({ ctx, input }) => ({ id: ++ctx.fixture.effects, amount: -input.amount, at: new Date(6) })),
  total: t.procedure.query(({ ctx }) => ctx.fixture.effects),
  ping: base.concat(once).mutation(({ ctx }) => `pong ${++ctx.fixture.effects}`),
};
const router = t.router({ ...procedures, idempotency: idempotency.outcomes(watched) });
const bare = t.router(procedures);
export type Router = typeof router;

interface Fixture {
  /** Every mutation that arrived, in order. */
  sent: { key: string | undefined; input: unknown }[];
  /** The questions about keys that arrived. */
  asked: string[];
  readonly scope: string;
  effects: number;
  /** What the next requests fail with, before anything happens; `undefined` for one that does not. */
  failures: (Error | undefined)[];
  /** How many of the next answers are destroyed on their way, after the effect. */
  lost: number;
  gate: Promise<void> | undefined;
}

export const refusal = (code: TRPCError['code']) => new TRPCError({ code, message: 'planned' });
export const oncekeyRefusal = (code: keyof typeof ERRORS, retryAfterMs?: number) =>
  new TRPCError({
    code: ERRORS[code].trpc,
    cause: new OncekeyError(code, 'planned', retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

/** A real HTTP server on loopback. */
export async function serve({ hasOutcomes = true } = {}) {
  const fixture: Fixture = {
    sent: [],
    asked: [],
    scope: createKey(),
    effects: 0,
    failures: [],
    lost: 0,
    gate: undefined,
  };
  const server = createHTTPServer({
    router: hasOutcomes ? router : (bare as typeof router),
    createContext: () => ({ fixture, db }),
    middleware: (_, res, next) => {
      if (fixture.lost > 0) {
        fixture.lost--;
        res.write = res.end = ((..._: unknown[]) => res.destroy()) as never;
      }
      next();
    },
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return Object.assign(fixture, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: () => fixture.sent.map(({ key }) => key),
    /** Makes requests wait, until the function it gives is called. */
    hold(): () => void {
      let open = () => {};
      fixture.gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => open();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  });
}
