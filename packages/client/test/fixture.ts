import type { AddressInfo } from 'node:net';
import { oncekeyErrorData, parseKeyHeader, unwrapInput, wrapOutput } from '@oncekey/core';
import { createTRPCClient, type TRPCLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { z } from 'zod';

/** `undefined` makes a router without a transformer. */
export type Transformer = typeof superjson | undefined;

/**
 * A real HTTP server that keeps the first answer of every key in memory: the wire of the real one without its database,
 * which the client knows nothing of.
 */
export async function serve({ transformer }: { transformer: Transformer } = { transformer: superjson }) {
  const answers = new Map<string, unknown>();
  const seen: { path: string; key: string | undefined; input: unknown }[] = [];
  let executions = 0;
  let lost = 0;

  const t = initTRPC.context<{ headerKeys: (string | undefined)[] }>().create({
    transformer: transformer as typeof superjson,
    errorFormatter: ({ shape, error }) => ({ ...shape, data: { ...shape.data, oncekey: oncekeyErrorData(error) } }),
  });
  const base = t.procedure.use(async (opts) => {
    const raw = await opts.getRawInput().catch(() => undefined);
    const envelope = unwrapInput(raw);
    const key = envelope ? String(envelope.key) : opts.ctx.headerKeys[opts.batchIndex];
    seen.push({ path: opts.path, key, input: envelope ? envelope.input : raw });
    const replayed = key !== undefined && answers.has(key);
    const result = replayed
      ? ({ ok: true, data: answers.get(key) } as unknown as Awaited<ReturnType<typeof opts.next>>)
      : await opts.next(envelope ? { getRawInput: async () => envelope.input } : (undefined as never));
    if (!result.ok) return result;
    if (key !== undefined) answers.set(key, result.data);
    return envelope
      ? { ...result, data: wrapOutput({ replayed, executionId: `execution of ${key}` }, result.data) }
      : result;
  });
  const router = t.router({
    add: base.input(z.object({ n: z.number() })).mutation(({ input }) => ({ n: input.n, run: ++executions })),
    nothing: base.mutation(() => {
      executions++;
    }),
    upload: base.input(z.instanceof(FormData)).mutation(({ input }) => `${input.get('a')} ${++executions}`),
    read: base.query(() => 'read'),
    naked: t.procedure.mutation(() => 'the server has no intake'),
  });
  const server = createHTTPServer({
    router,
    createContext: ({ req, info }) => {
      const header = req.headers['idempotency-key'];
      return { headerKeys: typeof header === 'string' ? parseKeyHeader(header, info.calls.length) : [] };
    },
    middleware: (_, res, next) => {
      if (lost > 0) {
        lost--;
        // The handler runs to its end; its answer never arrives.
        res.write = res.end = ((..._: unknown[]) => res.destroy()) as never;
      }
      next();
    },
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    keys: () => seen.map(({ key }) => key),
    executions: () => executions,
    loseAnswers(count: number) {
      lost = count;
    },
    client: (...links: TRPCLink<typeof router>[]) => createTRPCClient<typeof router>({ links }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
