import type { AddressInfo } from 'node:net';
import { ERRORS, OncekeyError, oncekeyErrorData, unwrapInput, wrapOutput } from '@oncekey/core';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { z } from 'zod';

const t = initTRPC.context<{ fixture: Fixture }>().create({
  transformer: superjson,
  isDev: false,
  errorFormatter: ({ shape, error }) => ({ ...shape, data: { ...shape.data, oncekey: oncekeyErrorData(error) } }),
});

/** The wire of the real server with a map for its database, which the hooks know nothing of. */
const base = t.procedure.use(async (opts) => {
  const { fixture } = opts.ctx;
  const raw = await opts.getRawInput().catch(() => undefined);
  const envelope = unwrapInput(raw);
  const key = envelope ? String(envelope.key) : undefined;
  fixture.sent.push({ key, input: envelope ? envelope.input : raw });
  await fixture.gate;
  const planned = fixture.failures.shift();
  if (planned) throw planned;
  const replayed = key !== undefined && fixture.answers.has(key);
  const result = replayed
    ? ({ ok: true, data: fixture.answers.get(key) } as unknown as Awaited<ReturnType<typeof opts.next>>)
    : await opts.next((envelope ? { getRawInput: async () => envelope.input } : {}) as never);
  if (!result.ok || key === undefined) return result;
  fixture.answers.set(key, result.data);
  return { ...result, data: wrapOutput({ replayed, executionId: `execution-${key}` }, result.data) };
});

const router = t.router({
  pay: base
    .input(z.object({ amount: z.number() }))
    .mutation(({ ctx, input }) => ({ id: ++ctx.fixture.effects, amount: input.amount, at: new Date(5) })),
  refund: base
    .input(z.object({ amount: z.number() }))
    .mutation(({ ctx, input }) => ({ id: ++ctx.fixture.effects, amount: -input.amount, at: new Date(6) })),
  total: t.procedure.query(({ ctx }) => ctx.fixture.effects),
  ping: base.mutation(({ ctx }) => `pong ${++ctx.fixture.effects}`),
});
export type Router = typeof router;

interface Fixture {
  /** Every mutation that arrived, in order. */
  sent: { key: string | undefined; input: unknown }[];
  answers: Map<string, unknown>;
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
export async function serve() {
  const fixture: Fixture = { sent: [], answers: new Map(), effects: 0, failures: [], lost: 0, gate: undefined };
  const server = createHTTPServer({
    router,
    createContext: () => ({ fixture }),
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
