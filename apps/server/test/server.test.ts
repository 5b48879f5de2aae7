import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoServer, startDemoServer } from './fixture.ts';

let server: DemoServer;
let alice = '';
let bob = '';

beforeAll(async () => {
  server = await startDemoServer();
  alice = await server.signIn('alice');
  bob = await server.signIn('bob');
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  await server.sql`truncate conversations, messages, oncekey_records`;
});

const hello = (message = 'Hello', agencyId = 'mira') => ({ json: { agencyId, message } });
const start = (cookie: string, key?: string, body: object = hello(), more: Record<string, string> = {}) =>
  server.post('conversations.start', body, {
    cookie,
    ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    ...more,
  });

describe('without our client', () => {
  it('the same key twice gives the same bytes, the second with Idempotency-Replayed: true', async () => {
    const first = await start(alice, '"k-1"');
    const second = await start(alice, '"k-1"');
    expect(first.status).toBe(200);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(JSON.parse(first.text).result.data.meta.values.createdAt).toEqual(['Date']);
    expect(await server.conversations()).toBe(1);
  });

  it('another body under the same key is a 422 with advice, and no key a 400', async () => {
    await start(alice, '"k-1"');
    const other = await start(alice, '"k-1"', hello('Other'));
    expect(other.status).toBe(422);
    expect(JSON.parse(other.text).error.json.data.oncekey).toMatchObject({ code: 'KEY_REUSED', retry: 'new-key' });
    expect((await start(alice)).status).toBe(400);
    expect(await server.conversations()).toBe(1);
  });

  it('a key of 300 characters, of spaces or of emoji is a 400', async () => {
    for (const key of ['x'.repeat(300), '"   "', '', Buffer.from('"🔑"').toString('latin1')]) {
      expect((await start(alice, key)).status).toBe(400);
    }
    expect(await server.conversations()).toBe(0);
  });

  it('a batch of three takes its keys by index', async () => {
    const batch = { 0: hello('a'), 1: hello('b'), 2: hello('c') };
    const path = 'conversations.start,conversations.start,conversations.start?batch=1';
    const send = () => server.post(path, batch, { cookie: alice, 'Idempotency-Key': '"a", ?0, "c"' });
    const first = JSON.parse((await send()).text);
    const second = await send();
    expect(second.headers.get('idempotency-replayed')).toBe('true, false, true');
    const answers = JSON.parse(second.text);
    expect([answers[0], answers[2]]).toEqual([first[0], first[2]]);
    expect(answers[1].error.json.data.oncekey.code).toBe('KEY_REQUIRED');
    expect(await server.messages()).toBe(2);
  });
});

describe('people', () => {
  it('who are not signed in get 401, with any cookie that we did not sign', async () => {
    const forged = alice.replace('alice', 'bob');
    for (const cookie of ['', 'session=alice.9999999999', forged]) {
      expect((await start(cookie, '"k"')).status).toBe(401);
      expect((await fetch(`${server.url}/api/trpc/conversations.list`, { headers: { cookie } })).status).toBe(401);
    }
  });

  it('with the same key get their own answer, and see their own conversations', async () => {
    const [first, second] = await Promise.all([start(alice, '"same"'), start(bob, '"same"')]);
    expect(first.status).toBe(200);
    expect(second.status).toBe(200);
    expect(second.text).not.toBe(first.text);
    expect(second.headers.get('idempotency-replayed')).toBeNull();
    expect(await server.conversations()).toBe(2);
    const list = await fetch(`${server.url}/api/trpc/conversations.list`, { headers: { cookie: bob } });
    expect((await list.json()).result.data.json).toHaveLength(1);
  });
});

describe('a request', () => {
  it('of another site is refused, and so is one that is too large', async () => {
    expect((await start(alice, '"k"', hello(), { origin: 'http://elsewhere.example' })).status).toBe(403);
    expect((await start(alice, '"k"', hello('x'.repeat(300_000)))).status).toBe(413);
    expect(await server.conversations()).toBe(0);
  });

  it('is answered with headers that keep other sites out, and with pages of its own only', async () => {
    const { headers } = await fetch(server.url);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(alice).toContain('session='); // as the cookie that signIn has set:
    const signedIn = await server.post('session.signIn', { json: { person: 'alice' } });
    expect(signedIn.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
  });

  it('that the app refuses says why and leaves its key free', async () => {
    const unknown = await start(alice, '"k"', hello('Hello', 'nobody'));
    expect(unknown.status).toBe(404);
    expect(unknown.text).toContain('This agency does not exist.');
    expect((await start(alice, '"k"')).status).toBe(200);
  });

  it('that fails inside says nothing of statements and parameters', async () => {
    await server.sql`alter table messages rename to elsewhere`;
    const failed = await start(alice, '"k"', hello('my secret message'));
    await server.sql`alter table elsewhere rename to messages`;
    expect(failed.status).toBe(500);
    expect(failed.text).not.toMatch(/secret|insert|select|params|stack/i);
    expect(await server.conversations()).toBe(0);
    expect((await start(alice, '"k"', hello('my secret message'))).status).toBe(200);
  });
});

describe('the troubled network', () => {
  const trouble = (what: string) => ({ 'x-demo-trouble': what });

  it('loses the request', async () => {
    await expect(start(alice, '"k"', hello(), trouble('lose-request'))).rejects.toThrow();
    expect(await server.conversations()).toBe(0);
  });

  it('loses the answer and not the request', async () => {
    await expect(start(alice, '"k"', hello(), trouble('lose-answer'))).rejects.toThrow();
    expect(await server.conversations()).toBe(1);
    expect((await start(alice, '"k"')).headers.get('idempotency-replayed')).toBe('true');
    expect(await server.conversations()).toBe(1);
  });

  it('brings what is on its way, though the sender has gone', async () => {
    const leaving = AbortSignal.timeout(50);
    const gone = fetch(`${server.url}/api/trpc/conversations.start`, {
      method: 'POST',
      signal: leaving,
      headers: { 'content-type': 'application/json', cookie: alice, 'Idempotency-Key': '"k"', ...trouble('delay=250') },
      body: JSON.stringify(hello()),
    });
    await expect(gone).rejects.toThrow();
    await expect.poll(() => server.conversations(), { timeout: 5_000 }).toBe(1);
  });

  it('delivers twice: one effect, and one of the two was answered from the record', async () => {
    const answer = await start(alice, '"k"', hello(), trouble('deliver-twice'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('idempotency-replayed')).toBe('true');
    expect(await server.conversations()).toBe(1);
  });

  it('refuses what is no trouble of ours', async () => {
    for (const what of ['', 'delay=5001', 'delay=-1', 'lose', 'delay=1e3', 'lose-answer;delay=1']) {
      expect((await start(alice, '"k"', hello(), trouble(what))).status).toBe(400);
    }
    expect(await server.conversations()).toBe(0);
  });
});
