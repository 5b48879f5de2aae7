import type { ReadableStream } from 'node:stream/web';
import type { HttpBindings } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { db } from './database.ts';
import { idempotency } from './idempotency.ts';
import { MOST_UPLOAD_BYTES, takeUpload } from './imports/upload.ts';
import { logError } from './log.ts';
import { appRouter } from './router.ts';
import { readSession, writeSession } from './session/cookie.ts';
import { parseTrouble, TROUBLE_HEADER } from './trouble/trouble.ts';
import { troubledNetwork } from './trouble/troubled-network.ts';
import type { Context } from './trpc.ts';

const ENDPOINT = '/api/trpc';
const MOST_BODY_BYTES = 256 * 1024;
const MOST_CALLS_A_BATCH = 20;
const DISCARD_MS = 2_000;

/**
 * Everything that the server answers.
 *
 * @param webRoot the folder of the built pages
 */
export function createHttpApp({ sessionSecret, webRoot }: { sessionSecret: string; webRoot: string }) {
  const handleTrpc = (req: Request): Promise<Response> =>
    fetchRequestHandler({
      endpoint: ENDPOINT,
      req,
      router: appRouter,
      maxBatchSize: MOST_CALLS_A_BATCH,
      createContext: async ({ info, resHeaders }): Promise<Context> => ({
        ...idempotency.fromRequest({ req, info }),
        db,
        attempt: (req.headers.get('x-demo-attempt') ?? '').slice(0, 64),
        crashAt: parseTrouble(req.headers.get(TROUBLE_HEADER) ?? '')?.crashAt,
        person: await readSession(req.headers.get('cookie'), sessionSecret),
        setPerson: async (person) => resHeaders.append('set-cookie', await writeSession(person, sessionSecret)),
      }),
      responseMeta: idempotency.responseMeta,
      onError: ({ error, path }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') logError(`${path ?? 'a request'} failed`, error);
      },
    });

  return new Hono<{ Bindings: HttpBindings }>()
    .use(
      secureHeaders({
        contentSecurityPolicy: {
          defaultSrc: ["'self'"],
          // Toasts and dialogs bring their styles with them.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
        },
      }),
    )
    .get('/healthz', async (c) => {
      await db.execute(sql`select 1`);
      return c.text('ok\n');
    })
    .use('/api/*', csrf(), refuseForeignOrigin)
    .post('/api/imports/files', limited(MOST_UPLOAD_BYTES), async (c) => {
      const person = await readSession(c.req.header('cookie') ?? null, sessionSecret);
      if (!person) return c.json({ problem: 'Sign in first.' }, 401);
      if (!c.req.raw.body) return c.json({ problem: 'There is no file.' }, 400);
      try {
        return c.json(
          await takeUpload(person, c.req.query('name') ?? '', c.req.raw.body as ReadableStream<Uint8Array>),
        );
      } catch (error) {
        if (error instanceof HTTPException || (error as Error).name === 'BodyLimitError') throw error;
        return c.json({ problem: `This file cannot be imported: ${(error as Error).message}` }, 400);
      }
    })
    .use('/api/*', limited(MOST_BODY_BYTES))
    .use(`${ENDPOINT}/*`, troubledNetwork(handleTrpc))
    .all(`${ENDPOINT}/*`, (c) => handleTrpc(c.req.raw))
    .all('/api/*', (c) => c.text('There is nothing here.\n', 404))
    .use(compress())
    .use('/assets/*', async (c, next) => {
      await next();
      // Vite puts a hash of the content into these names.
      if (c.res.ok) c.header('cache-control', 'public, max-age=31536000, immutable');
    })
    .use(serveStatic({ root: webRoot }))
    .get('*', serveStatic({ root: webRoot, path: 'index.html' }))
    .onError((error, c) => {
      if (error instanceof HTTPException) return error.getResponse(); // a refusal: too large, another site's form
      logError(`${c.req.method} ${c.req.path} failed`, error);
      return c.text('Something went wrong on the server.\n', c.req.path === '/healthz' ? 503 : 500);
    });
}

/** What is too large is read for a moment and thrown away; then the connection ends, as more may be on its way. */
function limited(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: async (c) => {
      await discard(c.req.raw.body);
      return c.text('This is too large.\n', 413, { connection: 'close' });
    },
  });
}

/** Hung up on while it still sends, a client sees a broken connection and never the answer. */
async function discard(body: globalThis.ReadableStream | null): Promise<void> {
  if (!body || body.locked) return;
  await body.pipeTo(new WritableStream(), { signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}

/** hono's csrf() looks at what a form can send; JSON from another page is refused here, with or without CORS. */
async function refuseForeignOrigin(c: Parameters<ReturnType<typeof csrf>>[0], next: () => Promise<void>) {
  const origin = c.req.header('origin');
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (isRead || origin === undefined || hostOf(origin) === c.req.header('host')) return next();
  return c.text('This request came from another site.\n', 403);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
