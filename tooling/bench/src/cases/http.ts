import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { idempotencyLink } from '@oncekey/client';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import superjson from 'superjson';
import type { Report } from '../report.ts';
import { type Contestant, measure, type Rounds } from '../rounds.ts';
import type { PlainRouter, ProtectedRouter } from './http-server.ts';

const CLIENTS = 16;
const INPUT = { note: 'over HTTP' };

/** The whole way: a batch link, Hono, the handler. With and without protection, each server in a process of its own. */
export async function http(
  report: Report,
  url: string,
  rtt: number,
  concurrencies: readonly number[],
  rounds: Omit<Rounds, 'concurrency'>,
): Promise<void> {
  await using plain = await startServer(url, 'plain');
  await using guarded = await startServer(url, 'protected');
  const contestants = [
    byManyClients('unprotected', () => {
      const client = createTRPCClient<PlainRouter>({ links: [batchTo(plain.port)] });
      return () => client.create.mutate(INPUT);
    }),
    byManyClients('oncekey transactional', () => {
      const client = createTRPCClient<ProtectedRouter>({
        links: [idempotencyLink({ auto: ['create'] }), batchTo(guarded.port)],
      });
      return () => client.create.mutate(INPUT);
    }),
  ];
  // Fresh processes: without this it would be their compiling that is compared.
  await measure(contestants, { rounds: 1, roundMs: 700, concurrency: CLIENTS });
  for (const concurrency of concurrencies) {
    const measured = await measure(contestants, { ...rounds, concurrency });
    report.times('http', 'End to end over HTTP', { rtt, concurrency }, measured);
  }
}

/** Each call from a page of its own: from one page, calls that are made together would be one batch and one request. */
function byManyClients(name: string, connect: () => () => Promise<unknown>): Contestant {
  const idle = Array.from({ length: CLIENTS }, connect);
  return {
    name,
    async run() {
      const call = idle.pop() ?? connect();
      await call();
      idle.push(call);
    },
  };
}

function batchTo(port: number) {
  return httpBatchLink({ url: `http://127.0.0.1:${port}/trpc`, transformer: superjson });
}

async function startServer(url: string, kind: 'plain' | 'protected') {
  const child = fork(fileURLToPath(new URL('./http-server.ts', import.meta.url)), [url, kind]);
  const [port] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the ${kind} server ended with ${code}`))),
  ])) as [number];
  return {
    port,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
