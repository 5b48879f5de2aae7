import type { AddressInfo } from 'node:net';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createIdempotency } from '../src/index.ts';
import { type Db, freshDatabase } from './fixture.ts';

class Declined extends Error {
  readonly reason = 'limit';
  readonly at = new Date(5);
}

it('a remembered error is answered with the same code, message and formatted shape, to the last byte', async () => {
  await using database = await freshDatabase();
  const { db } = database;
  const idempotency = createIdempotency<{ user: string; db: Db }>({
    store: drizzleStore(db),
    scope: ({ ctx }) => ctx.user,
    transformer: superjson,
  });
  const t = initTRPC.context<{ user: string; db: Db }>().create({
    transformer: superjson,
    isDev: false,
    // It looks at the live error, which is not there any more when it is answered from the record.
    errorFormatter: idempotency.errorFormatterWith(({ shape, error }) => ({
      ...shape,
      message: `Sorry: ${shape.message}`,
      data: { ...shape.data, declined: error.cause instanceof Declined ? { ...error.cause } : undefined },
    })),
  });
  let runs = 0;
  const router = t.router({
    pay: t.procedure
      .concat(idempotency.intake)
      .concat(idempotency.leased())
      .mutation(() => {
        runs++;
        throw new TRPCError({ code: 'UNPROCESSABLE_CONTENT', message: 'declined', cause: new Declined() });
      }),
  });
  const server = createHTTPServer({
    router,
    createContext: ({ req, info }) => ({ ...idempotency.fromRequest({ req, info }), user: 'alice', db }),
    responseMeta: idempotency.responseMeta,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const pay = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/pay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'Idempotency-Key': '"k"' },
      });
      return { status: response.status, text: await response.text() };
    };
    const first = await pay();
    const second = await pay();
    expect(first.status).toBe(422);
    expect(first.text).toContain('limit');
    expect(first.text).toContain('Sorry: declined');
    expect(second).toEqual(first);
    expect(runs).toBe(1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
