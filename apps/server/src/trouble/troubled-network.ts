import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { createMiddleware } from 'hono/factory';
import { crashPoint } from '../crash/crash.ts';
import { handleBySecondServer, isSecondServer } from '../crash/second-server.ts';
import { parseTrouble, TROUBLE_HEADER, TROUBLE_WORDS } from './trouble.ts';

/**
 * The network between the page and the server, when a visitor asks for trouble. It stands in front of tRPC and knows
 * nothing of keys: what it loses is lost for real, and what it delivers twice is handled twice.
 */
export function troubledNetwork(handle: (request: Request) => Promise<Response>) {
  return createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
    const header = c.req.header(TROUBLE_HEADER);
    if (header === undefined) return next();
    const trouble = parseTrouble(header);
    if (!trouble) return c.text(`${TROUBLE_HEADER}: any of ${TROUBLE_WORDS}\n`, 400);
    const hangUp = () => {
      c.env.outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    };

    // Taken over whole: what is on its way arrives, though its sender may be gone by then.
    const { url, method, headers } = c.req.raw;
    const body = await c.req.arrayBuffer();
    // The page is this server's, and needs it: it is another that freezes.
    const receive = trouble.crashAt === 'frozen' && !isSecondServer ? handleBySecondServer : handle;
    const deliver = () => receive(new Request(url, { method, headers, body: body.byteLength > 0 ? body : null }));
    await sleep(trouble.delayMs);
    if (trouble.loseRequest) return hangUp();
    await crashPoint(trouble.crashAt, 'before');
    const response = await lastOf(trouble.deliverTwice ? [deliver(), deliver()] : [deliver()]);
    await crashPoint(trouble.crashAt, 'after');
    if (!trouble.loseAnswer) return response;
    await response.arrayBuffer(); // handled to its end
    // Begun and cut off: a browser repeats by itself, key or no key, what was closed on a kept connection before that.
    c.env.outgoing.writeHead(response.status).flushHeaders();
    return hangUp();
  });
}

/** Of answers on their way, the one that arrives last. */
async function lastOf<T>(answers: readonly Promise<T>[]): Promise<T> {
  const arrived: T[] = [];
  await Promise.all(answers.map(async (answer) => arrived.push(await answer)));
  return arrived.at(-1) as T;
}
