import { type AddressInfo, connect } from 'node:net';
import { createKey } from '@oncekey/core';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { count, createApp, type Db, freshDatabase, insertEffect } from './fixture.ts';

/** A real HTTP server, spoken to as curl does. */
async function serve(db: Db) {
  const app = createApp(db);
  const router = app.t.router({
    add: app.user
      .input(z.object({ note: z.string() }))
      .concat(app.idempotency.transactional())
      .mutation(async ({ ctx, input }) => ({ id: await insertEffect(ctx.db, input.note), at: new Date() })),
    upload: app.user
      .input(z.instanceof(FormData))
      .concat(app.idempotency.transactional())
      .mutation(({ ctx, input }) => insertEffect(ctx.db, String(input.get('note')))),
    store: app.user
      .input(z.instanceof(ReadableStream))
      .concat(app.idempotency.transactional())
      .mutation(async ({ ctx, input }) => insertEffect(ctx.db, await new Response(input).text())),
    plain: app.user
      .input(z.object({ note: z.string() }))
      .mutation(({ ctx, input }) => insertEffect(ctx.db, input.note)),
  });
  const server = createHTTPServer({
    router,
    createContext: ({ req, info }) => ({
      ...app.idempotency.fromRequest({ req, info }),
      db,
      ...(req.headers['x-user'] ? { user: String(req.headers['x-user']) } : {}),
    }),
    responseMeta: app.idempotency.responseMeta,
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-user': 'alice', ...headers },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const note = (text: string) => superjson.serialize({ note: text });
const withKey = (key: string) => ({ 'Idempotency-Key': key });

describe('the Idempotency-Key header', () => {
  it.each(['"k-1"', 'k-1', `"${createKey()}"`, createKey()])(
    'makes a second request answer the same bytes, with Idempotency-Replayed: true (%s)',
    async (key) => {
      await using database = await freshDatabase();
      await using server = await serve(database.db);
      const first = await server.post('add', note('hello'), withKey(key));
      const second = await server.post('add', note('hello'), withKey(key));
      expect(first.status).toBe(200);
      expect(second.text).toBe(first.text);
      expect(first.headers.get('Idempotency-Replayed')).toBeNull();
      expect(second.headers.get('Idempotency-Replayed')).toBe('true');
      expect(await count(database.db, 'effects')).toBe(1);
    },
  );

  it('answers 422 with advice to another body, and 400 to none', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    await server.post('add', note('hello'), withKey('"k-1"'));
    const other = await server.post('add', note('other'), withKey('"k-1"'));
    expect(other.status).toBe(422);
    expect(other.json.error.json.data.oncekey).toMatchObject({ code: 'KEY_REUSED', retry: 'new-key' });
    const none = await server.post('add', note('hello'));
    expect(none.status).toBe(400);
    expect(none.json.error.json.data.oncekey).toEqual({ code: 'KEY_REQUIRED', retry: 'never' });
    expect(JSON.stringify(none.json)).not.toContain('stack":"'); // no stack of ours in an answer
  });

  it.each([
    ['300 characters', 'x'.repeat(300)],
    ['300 quoted characters', `"${'x'.repeat(300)}"`],
    ['spaces', '"   "'],
    ['a space inside', 'a b'],
    ['nothing', '""'],
    ['nothing at all', ''],
    ['a control character', '"a\u0001b"'],
    ['a tab', '"a\tb"'],
    ['emoji', Buffer.from('"🔑"').toString('latin1')],
    ['emoji unquoted', Buffer.from('🔑').toString('latin1')],
    ['two headers', '"a", "b"'],
    ['an unclosed quote', '"a'],
    ['a number list', '(1 2)'],
  ])('of %s is a 400', async (_, key) => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    expect(await rawStatus(server.url, key)).toBe(400);
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it('names the calls of a batch by index, ?0 for none', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const batch = () =>
      server.post('add,plain,add?batch=1', { 0: note('a'), 1: note('b'), 2: note('c') }, withKey('"a", ?0, "c"'));
    await server.post('add', note('a'), withKey('"a"'));
    const first = await batch();
    expect(first.headers.get('Idempotency-Replayed')).toBe('true, false, false');
    const second = await batch();
    expect(second.headers.get('Idempotency-Replayed')).toBe('true, false, true');
    expect([second.json[0], second.json[2]]).toEqual([first.json[0], first.json[2]]);
    expect(await count(database.db, 'effects')).toBe(4); // a, c, and b twice: it asked for no protection
  });

  it('with another number of members than the batch has calls is a 400 for the calls that need it', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const { status, json } = await server.post('add,add?batch=1', { 0: note('a'), 1: note('b') }, withKey('"a"'));
    expect(status).toBe(400);
    expect(
      json.map(
        (part: { error: { json: { data: { oncekey: { code: string } } } } }) => part.error.json.data.oncekey.code,
      ),
    ).toEqual(['KEY_INVALID', 'KEY_INVALID']);
  });

  it('names no intent by itself: on a procedure that is not idempotent it is nothing (browsers add one)', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    expect((await server.post('plain', note('x'), withKey('"injected"'))).status).toBe(200);
    expect((await server.post('plain', note('x'), withKey('(broken'))).status).toBe(200);
  });

  it('gives way to the envelope', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const enveloped = superjson.serialize({ '~idempotency': { key: 'envelope' }, input: { note: 'x' } });
    await server.post('add', enveloped, withKey('"one"'));
    const second = await server.post('add', enveloped, withKey('"two"'));
    expect(second.json.result.data.json['~idempotency']).toMatchObject({ replayed: true });
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('protects FormData and octet bodies, and tells them apart by content', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const upload = (content: string) => {
      const form = new FormData();
      form.set('note', 'n');
      form.set('file', new File([content], 'a.csv', { type: 'text/csv' }));
      return fetch(`${server.url}/upload`, {
        method: 'POST',
        headers: { 'x-user': 'alice', ...withKey('"f"') },
        body: form,
      });
    };
    const first = await upload('1,2');
    expect(await (await upload('1,2')).text()).toBe(await first.text());
    expect((await upload('1,3')).status).toBe(422);

    const store = (content: string) =>
      fetch(`${server.url}/store`, {
        method: 'POST',
        headers: { 'x-user': 'alice', 'content-type': 'application/octet-stream', ...withKey('"o"') },
        body: new TextEncoder().encode(content),
      });
    const octets = await store('abc');
    expect(await (await store('abc')).text()).toBe(await octets.text());
    expect((await store('abd')).status).toBe(422);
    expect(await count(database.db, 'effects')).toBe(2);
  });
});

describe('the envelope', () => {
  const envelope = (key: unknown, text: string) =>
    superjson.serialize({ '~idempotency': { key }, input: { note: text } });

  it('is answered with an envelope that says whether it was replayed, and by which execution', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const answers = [await server.post('add', envelope('k', 'x')), await server.post('add', envelope('k', 'x'))];
    const [first, second] = answers.map((answer) => answer.json.result.data.json);
    expect(first['~idempotency']).toEqual({ replayed: false, executionId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(second['~idempotency']).toEqual({ ...first['~idempotency'], replayed: true });
    expect(second.data).toEqual(first.data);
  });

  it('on a procedure that is not idempotent is an error before anything runs', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const answer = await server.post('plain', envelope('k', 'x'));
    expect(answer.status).toBe(400);
    expect(answer.json.error.json.data.oncekey).toMatchObject({ code: 'NOT_IDEMPOTENT' });
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it.each([undefined, null, 1, '', ' ', 'ключ', 'x'.repeat(256), { toString: 'k' }, ['k']])(
    'with the key %j is a 400',
    async (key) => {
      await using database = await freshDatabase();
      await using server = await serve(database.db);
      expect((await server.post('add', envelope(key, 'x'))).status).toBe(400);
      expect(await count(database.db, 'effects')).toBe(0);
    },
  );

  it('of someone who is not signed in is a 401, whatever its key', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    expect((await server.post('add', envelope('k', 'x'), { 'x-user': '' })).status).toBe(401);
  });

  it('nested deeper than any stack is a 400', async () => {
    await using database = await freshDatabase();
    await using server = await serve(database.db);
    const deep = `${'{"note":"x","a":'.repeat(2_000)}1${'}'.repeat(2_000)}`;
    const response = await fetch(`${server.url}/add`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'alice', ...withKey('"k"') },
      body: `{"json":${deep}}`,
    });
    expect(response.status).toBe(400);
  });
});

/** fetch refuses to send what a test must send: the header goes out over a socket, byte by byte. */
function rawStatus(url: string, key: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(note('x'));
  const head = [
    'POST /add HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    'x-user: alice',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    `idempotency-key: ${key}`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', reject);
    socket.once('data', (answer) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))?.[1]));
      socket.end();
    });
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  });
}
