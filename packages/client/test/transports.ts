import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIdempotency } from '@oncekey/server';
import { memoryStore } from '@oncekey/server/memory';
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  isNonJsonSerializable,
  splitLink,
  type TRPCLink,
  unstable_localLink,
  wsLink,
} from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import type superjson from 'superjson';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { idempotencyHeaders, idempotencyLink } from '../src/index.ts';

type Db = { transaction(run: (tx: Db) => Promise<unknown>): Promise<unknown> };
const db: Db = { transaction: async (run) => run(db) };

/** The real server: intake, engine and all, on a store in memory, behind HTTP, WebSocket and none of both. */
export async function serveAll(transformer: typeof superjson | undefined) {
  const idempotency = createIdempotency<{ user: string; db: Db }>({
    store: memoryStore({ tx: db }),
    scope: ({ ctx }) => ctx.user,
    ...(transformer && { transformer }),
  });
  const t = initTRPC.context<{ user: string; db: Db }>().create({
    // The router's types are those of superjson; what goes over the wire is what is configured.
    transformer: transformer as typeof superjson,
    errorFormatter: idempotency.errorFormatter,
    isDev: false,
  });
  const user = t.procedure.concat(idempotency.intake);
  let runs = 0;
  let delayMs = 0;
  const pay = user.input(z.object({ amount: z.number() }));
  const router = t.router({
    pay: pay.concat(idempotency.transactional()).mutation(async ({ input }) => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return { amount: input.amount, run: runs };
    }),
    refuse: pay.concat(idempotency.leased()).mutation(() => {
      throw new TRPCError({ code: 'PRECONDITION_FAILED', message: `declined ${++runs}` });
    }),
    upload: user
      .input(z.instanceof(FormData))
      .concat(idempotency.transactional())
      .mutation(({ input }) => `${input.get('a')} ${++runs}`),
    plain: user.mutation(() => 'not idempotent'),
    idempotency: idempotency.outcomes(user),
  });
  const createContext = (opts: object) => ({
    ...('req' in opts ? idempotency.fromRequest(opts as Parameters<typeof idempotency.fromRequest>[0]) : {}),
    user: 'alice',
    db,
  });

  const handle = createHTTPHandler({ router, createContext, responseMeta: idempotency.responseMeta });
  let requests = 0;
  const server = createServer((req, res) => {
    requests++;
    handle(req, res);
  });
  const sockets = new WebSocketServer({ server });
  applyWSSHandler({ wss: sockets, router, createContext: () => ({ user: 'alice', db }) });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const wsClient = createWSClient({
    url: `ws://127.0.0.1:${port}`,
    WebSocket: WebSocket as never,
    lazy: { enabled: true, closeMs: 0 },
    retryDelayMs: () => 20,
  });

  type Router = typeof router;
  const codec = { transformer: transformer as typeof superjson };
  const http = httpBatchLink({ url, ...codec, headers: idempotencyHeaders });
  const links: Record<string, () => TRPCLink<Router>[]> = {
    httpLink: () => [httpLink({ url, ...codec, headers: idempotencyHeaders })],
    httpBatchLink: () => [http],
    httpBatchStreamLink: () => [httpBatchStreamLink({ url, ...codec })],
    wsLink: () => [wsLink({ client: wsClient, ...codec })],
    splitLink: () => [
      splitLink({
        condition: (op) => isNonJsonSerializable(op.input) || op.path === 'refuse',
        true: httpLink({ url, ...codec, headers: idempotencyHeaders }),
        false: wsLink({ client: wsClient, ...codec }),
      }),
    ],
    localLink: () => [unstable_localLink({ router, createContext: async () => ({ user: 'alice', db }), ...codec })],
  };

  return {
    router,
    url,
    /** Over HTTP. */
    requests: () => requests,
    client: (name: string) =>
      createTRPCClient<Router>({ links: [idempotencyLink<Router>(), ...(links[name]?.() ?? [])] }),
    /** The server’s own caller: no wire at all. */
    caller: (key: string) => t.createCallerFactory(router)(idempotency.withKey({ user: 'alice', db }, key)),
    runs: () => runs,
    slowDown(ms: number) {
      delayMs = ms;
    },
    /** Ends every WebSocket, as a proxy's time-out does. */
    dropSockets() {
      for (const socket of sockets.clients) socket.terminate();
    },
    async [Symbol.asyncDispose]() {
      await wsClient.close();
      sockets.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
