import { inspect } from 'node:util';
import { isOncekeyError, parseKey } from '@oncekey/core';
import { TRPCError } from '@trpc/server';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { memoryStore } from '../src/memory/index.ts';
import { count, createApp, type Db, freshDatabase, insertEffect } from './fixture.ts';

const RUNS = 50_000;

/** No database: what comes in is judged before one is asked. */
function appInMemory() {
  const app = createApp({} as Db, { store: memoryStore() });
  let runs = 0;
  const router = app.t.router({
    add: app.user
      .input((raw) => raw)
      .concat(app.idempotency.transactional())
      .mutation(() => ++runs),
  });
  const createCaller = app.t.createCallerFactory(router);
  return { app, createCaller, runs: () => runs };
}

/** Bits of what a header or a key may be made of, and of what breaks those who put it together with strings. */
const pieces = fc.constantFrom(
  '"',
  '\\',
  ',',
  ' ',
  '?0',
  '?1',
  ';a=1',
  '\t',
  '\r\n',
  '\0',
  'é',
  '💥',
  "';--",
  '%00',
  'k',
  '1',
  '{{',
  '__proto__',
);
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.integer({ min: 250, max: 300 }).map((length) => 'k'.repeat(length)),
);

it('100,000 headers and envelopes get an answer or a 400, and nothing of them comes out or is logged', async () => {
  const { app, createCaller } = appInMemory();
  const logs = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
  const info = { calls: [{ path: 'add' }], isBatchCall: false };

  async function judge(send: () => Promise<unknown>, isKey: boolean | undefined, secret: string) {
    try {
      await send();
      expect(isKey).not.toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(TRPCError);
      expect((error as TRPCError).code).toBe('BAD_REQUEST');
      expect(isKey).not.toBe(true);
      // Not the words that a message is made of: what is long enough to be told from them.
      if (secret.length > 12) expect(inspect(error)).not.toContain(secret);
    }
  }

  await fc.assert(
    fc.asyncProperty(hostileText, async (header) => {
      const keys = app.idempotency.fromRequest({ req: { headers: { 'idempotency-key': header } }, info });
      const isSafe = parseKey(header).ok && /^[\w-]+$/.test(header);
      await judge(() => createCaller({ user: 'alice', db: {} as Db, ...keys }).add({}), isSafe || undefined, header);
    }),
    { numRuns: RUNS },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(hostileText, fc.anything()), async (key) => {
      const envelope = { '~idempotency': { key }, input: {} };
      const isKey = key === undefined ? false : parseKey(key).ok;
      await judge(
        () => createCaller({ user: 'alice', db: {} as Db }).add(envelope),
        isKey,
        typeof key === 'string' ? key : '',
      );
    }),
    { numRuns: RUNS },
  );
  for (const log of logs) {
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  }
}, 120_000);

it('1,000 random people and keys each get their own answer, never another’s', async () => {
  await using database = await freshDatabase();
  const app = createApp(database.db);
  const router = app.t.router({
    add: app.user.concat(app.idempotency.transactional()).mutation(async ({ ctx }) => {
      await insertEffect(ctx.db, ctx.user);
      return { person: ctx.user, key: ctx.idempotency.key };
    }),
  });
  // Few letters and every separator one might join them with, so that what can run together does.
  const part = (letters: string) =>
    fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 4 }).map((all) => all.join(''));
  const pairs = fc.sample(fc.tuple(part('ab|:1 '), part('ab|:1')), 1_000);
  const add = ([person, key]: [string, string]) => app.t.createCallerFactory(router)(app.contextOf(key, person)).add();
  for (let at = 0; at < pairs.length; at += 50) {
    const batch = pairs.slice(at, at + 50);
    const answers = await Promise.all(batch.map(add));
    expect(answers).toEqual(batch.map(([person, key]) => ({ person, key })));
  }
  const distinct = new Set(pairs.map((pair) => JSON.stringify(pair)));
  expect(await count(database.db, 'effects')).toBe(distinct.size);
});

it('a scope that a person could choose to look like another’s is no one else’s', async () => {
  const { createCaller } = appInMemory();
  for (const user of ['', '~public', '~', 'x'.repeat(256)]) {
    const error = await createCaller({ user, db: {} as Db })
      .add({ '~idempotency': { key: 'k' }, input: 1 })
      .catch((thrown: unknown) => thrown);
    expect(error).toSatisfy((thrown) => isOncekeyError(thrown, 'MISCONFIGURED'));
  }
});
