import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { idempotencyLink } from '@oncekey/client';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import superjson from 'superjson';
import type { BenchRouter } from './http-server.ts';
import type { Contestant } from './rounds.ts';

/** The whole way, with and without protection: Hono, a batch link, and each in its own call. */
export async function startHttp(databaseUrl: string) {
  const child = fork(fileURLToPath(new URL('./http-server.ts', import.meta.url)), [databaseUrl]);
  const [port] = (await once(child, 'message')) as [number];
  const client = createTRPCClient<BenchRouter>({
    links: [
      idempotencyLink({ auto: ['once'] }),
      httpBatchLink({ url: `http://127.0.0.1:${port}/trpc`, transformer: superjson }),
    ],
  });
  const input = { note: 'over HTTP' };
  const contestants: readonly [Contestant, Contestant] = [
    { name: 'unprotected', run: () => client.plain.mutate(input) },
    { name: 'oncekey transactional', run: () => client.once.mutate(input) },
  ];
  return {
    contestants,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
