/** What the fast path assumes of Drizzle and postgres.js: where it does not hold, it says so, and nothing else changes. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import type { NewRecord } from '../src/store.ts';
import { connect, count, freshDatabase, insertEffect } from './fixture.ts';

const id = { scope: 'alice', key: 'k-1' };
const record: NewRecord = {
  operation: 'add',
  fingerprint: 'ab'.repeat(32),
  executionId: '0192f000-0000-7000-8000-000000000000',
  result: '"a"',
  retentionMs: 60_000,
};

let warned: string[];
const onWarning = (warning: Error & { readonly code?: string }) => warned.push(warning.code ?? warning.message);
beforeEach(() => {
  warned = [];
  process.on('warning', onWarning);
});
afterEach(() => void process.off('warning', onWarning));

it('says at once that postgres.js cannot reserve connections with fetch_types: false, where it would hang later', () => {
  const client = postgres('postgres://127.0.0.1:1/none', { fetch_types: false });
  expect(() => drizzleStore(drizzle(client))).toThrow(/fetch_types: false\. Leave it out/);
});

it('falls back where it cannot know the driver, as with two copies of drizzle-orm, and says so once', async () => {
  await using database = await freshDatabase();
  const path = createRequire(import.meta.url).resolve('drizzle-orm/postgres-js/session');
  const other: { PostgresJsSession: { prototype: object } } = await import(`${pathToFileURL(path)}?another-copy`);
  await using pool = connect(database.url, 2);
  Object.setPrototypeOf((pool.db as unknown as { session: object }).session, other.PostgresJsSession.prototype);
  const store = drizzleStore(pool.db);
  drizzleStore(pool.db);
  const add = () =>
    store.transact(id, async ({ tx, record: found }) => {
      if (found) return undefined;
      await insertEffect(tx, 'a');
      return record;
    });
  expect([await add(), await add()]).toEqual(['recorded', 'rolled-back']);
  expect(warned).toEqual(['ONCEKEY_PORTABLE']);
  expect(await count(database.db, 'effects')).toBe(1);
});

it('goes on where postgres.js does not tell which connection it took, and says so once', async () => {
  await using database = await freshDatabase();
  await using pool = connect(database.url, 2);
  const { client } = pool as { client: { reserve(): Promise<object> } };
  const reserve = client.reserve;
  client.reserve = async () => {
    const reserved = (await reserve()) as { unsafe(text: string, params?: unknown[], options?: object): unknown };
    const { unsafe } = reserved;
    return Object.assign(reserved, {
      unsafe: (text: string, params: unknown[], options?: object) =>
        unsafe(text, params, { ...options, onexecute: undefined }),
    });
  };
  const store = drizzleStore(pool.db);
  const add = (key: string) =>
    store.transact({ ...id, key }, async ({ tx }) => {
      await insertEffect(tx, 'a');
      return record;
    });
  expect([await add('a'), await add('b')]).toEqual(['recorded', 'recorded']);
  expect(warned).toEqual(['ONCEKEY_UNWATCHED']);
});
