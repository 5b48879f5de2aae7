/** Each story's feature from below: real processes, real PostgreSQL, and the worst moments. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DemoServer, startDemoServer } from './fixture.ts';

// Processes are started and killed while other tests run.
vi.setConfig({ testTimeout: 60_000 });

let server: DemoServer;
let cookie: string;
beforeEach(async () => {
  server = await startDemoServer();
  cookie = await server.signIn('alice');
});
afterEach(() => server[Symbol.asyncDispose]());

async function call(path: string, input: unknown, key: string | undefined = randomUUID(), as = cookie) {
  const headers = { cookie: as, ...(key && { 'Idempotency-Key': `"${key}"` }) };
  const { status, text } = await server.post(path, { json: input }, headers);
  const answer = JSON.parse(text);
  return { status, data: answer.result?.data?.json, error: answer.error?.json };
}

async function ask(path: string, input: unknown = undefined, as = cookie) {
  const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
  const response = await fetch(`${server.url}/api/trpc/${path}${query}`, { headers: { cookie: as } });
  return { status: response.status, data: (await response.json()).result?.data?.json };
}

async function upload(rows: number, name = 'contacts.csv') {
  const lines = Array.from({ length: rows }, (_, row) => `"Person ${row}, Ms",person${row}@example.com,Porto`);
  const response = await fetch(`${server.url}/api/imports/files?name=${name}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'text/csv' },
    body: ['Full name,E-mail,Town', ...lines].join('\n'),
  });
  return { status: response.status, body: await response.json() };
}
const mapping = { name: 'Full name', email: 'E-mail', city: 'Town' };

describe('imports', () => {
  it('ten clicks at once, with a killed worker: one job, and each row once', async () => {
    const { body } = await upload(30_000);
    expect(body).toMatchObject({ columns: ['Full name', 'E-mail', 'Town'], rows: 30_000 });
    const clicks = await Promise.all(
      Array.from({ length: 10 }, () => call('imports.start', { fileHash: body.hash, mapping })),
    );
    expect(new Set(clicks.map(({ data }) => data.jobId)).size).toBe(1);
    server.startWorker();
    await expect.poll(() => server.count('contacts'), { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
    server.killWorkers();
    expect(await server.count('contacts')).toBeLessThan(30_000);
    await expect.poll(async () => (await ask('imports.list')).data[0].state, { timeout: 20_000 }).toBe('succeeded');
    expect(await server.count('contacts')).toBe(30_000);
    expect(await server.count('import_jobs')).toBe(1);
  });

  it('after it has ended the same file is a new import that replaces it, and a late retry still is the first', async () => {
    server.startWorker();
    const { body } = await upload(2_500);
    const first = await call('imports.start', { fileHash: body.hash, mapping }, 'first');
    await expect.poll(async () => (await ask('imports.list')).data[0].state, { timeout: 10_000 }).toBe('succeeded');
    const second = await call('imports.start', { fileHash: body.hash, mapping }, 'second');
    expect(second.data.jobId).not.toBe(first.data.jobId);
    expect((await call('imports.start', { fileHash: body.hash, mapping }, 'first')).data).toEqual(first.data);
    const states = async () => (await ask('imports.list')).data.map((job: { state: string }) => job.state);
    await expect.poll(states, { timeout: 10_000 }).toEqual(['succeeded', 'superseded']);
    expect(await server.count('contacts')).toBe(2_500);
  });

  it('cancelled, it stops, and the same file may be imported again', async () => {
    const { body } = await upload(5_000);
    const first = await call('imports.start', { fileHash: body.hash, mapping });
    expect((await call('imports.cancel', { jobId: first.data.jobId })).data).toEqual({ isCancelled: true });
    server.startWorker();
    const second = await call('imports.start', { fileHash: body.hash, mapping });
    expect(second.data.jobId).not.toBe(first.data.jobId);
    await expect.poll(async () => (await ask('imports.list')).data[0].state, { timeout: 10_000 }).toBe('succeeded');
    expect(await server.count('contacts')).toBe(5_000);
  });

  it('refuses what is no CSV, what is too large, who is not signed in, and a file of somebody else', async () => {
    const post = (body: string, as = cookie) =>
      fetch(`${server.url}/api/imports/files`, {
        method: 'POST',
        headers: { cookie: as, 'content-type': 'text/csv' },
        body,
      });
    expect((await post('only a line')).status).toBe(400);
    expect((await post('a,b\n1')).status).toBe(400);
    expect((await post('x'.repeat(17 * 1024 * 1024))).status).toBe(413);
    expect((await post('a,b\n1,2', '')).status).toBe(401);
    const { body } = await upload(10);
    const bob = await server.signIn('bob');
    expect((await call('imports.start', { fileHash: body.hash, mapping }, randomUUID(), bob)).status).toBe(404);
  });
});

describe('invoices', () => {
  it('an order is on one invoice, whoever asks; numbers have no gaps; the refusal says which, by whom and when', async () => {
    const bob = await server.signIn('bob');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        call('invoices.create', { orderIds: [1041] }, randomUUID(), i % 2 ? bob : cookie),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.error.message).toMatch(
      /^Order 1041 is already on invoice INV-0001, created by (Alice|Bob) at \d\d:\d\d\.$/,
    );
    expect((await call('invoices.create', { orderIds: [1042] })).data.number).toBe('INV-0002');
    expect((await call('invoices.create', { orderIds: [1043, 1045] })).status).toBe(400);
  });

  it('is entered and paid once at the accounting service, though its answers are lost and workers are killed', async () => {
    await fetch(`${server.outside}/trouble`, { method: 'PUT', body: JSON.stringify({ delayMs: 100, loseAnswers: 2 }) });
    const { data } = await call('invoices.create', { orderIds: [1041] }, 'k');
    expect((await call('invoices.create', { orderIds: [1041] }, 'k')).data).toEqual(data);
    server.startWorker();
    server.startWorker();
    const isPaid = async () => (await ask('invoices.list')).data[0].paidAt !== null;
    // Three times: a slow machine's workers would never get to work in between for ever.
    for (let kills = 0; kills < 3 && !(await isPaid()); kills++) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      server.killWorkers();
    }
    await expect.poll(isPaid, { timeout: 25_000 }).toBe(true);
    const audit = (await ask('invoices.audit', { number: data.number })).data;
    expect(audit.ledger.map((entry: { kind: string }) => entry.kind)).toEqual(['invoice', 'payment']);
    expect(audit.events[0]).toMatchObject({ kind: 'succeeded', actor: 'alice', operation: 'invoices.create' });
  });
});

describe('tasks', () => {
  it('a worker that dies right after the mail was sent: one mail', async () => {
    server.startWorker();
    server.startWorker();
    await call('tasks.welcome', { name: 'Ada', to: 'ada@example.com', crash: true });
    const task = async () => (await ask('tasks.list')).data[0];
    await expect.poll(async () => (await task()).state, { timeout: 25_000 }).toBe('succeeded');
    expect((await task()).attempts).toBeGreaterThan(1);
    expect((await ask('tasks.mailbox')).data).toHaveLength(1);
    const again = await call('tasks.welcome', { name: 'Ada', to: 'ADA@example.com', crash: false });
    expect(again.status).toBe(409);
    expect(again.error.data.oncekey).toMatchObject({ code: 'DUPLICATE' });
  });

  it('a payment is charged once, and a synchronisation reads each change once', async () => {
    server.startWorker();
    await call('tasks.payment', { reference: 'Deposit 7', cents: 500, crash: true });
    await call('tasks.sync', { crash: true });
    const states = async () => (await ask('tasks.list')).data.map((task: { state: string }) => task.state);
    await expect.poll(states, { timeout: 25_000 }).toEqual(['succeeded', 'succeeded']);
    const ledger = await (await fetch(`${server.outside}/accounting/entries?reference=Deposit 7`)).json();
    expect(ledger).toHaveLength(1);
    expect((await ask('tasks.customers')).data).toBe(60);
    const [cursor] = await server.sql`select revision from sync_cursors`;
    expect(cursor?.['revision']).toBe(400);
  });
});

describe('messages without a key', () => {
  const send = (path: string, body = 'Hello') => call(path, { body }, '');

  it('are refused, get one, are known by their content, or happen twice, as each says', async () => {
    expect((await send('messages.send')).error.data.oncekey.code).toBe('KEY_REQUIRED');
    await send('messages.sendGenerated');
    await send('messages.sendGenerated');
    expect(await server.count('chat_messages')).toBe(2);
    const [first, second] = await Promise.all([send('messages.sendDerived'), send('messages.sendDerived')]);
    expect(first?.data).toEqual(second?.data);
    await send('messages.sendDerived', 'Hello again');
    expect(await server.count('chat_messages')).toBe(4);
    await send('messages.sendUnprotected');
    await send('messages.sendUnprotected');
    expect(await server.count('chat_messages')).toBe(6);
    const bob = await server.signIn('bob');
    expect((await ask('messages.list', undefined, bob)).data).toEqual([]);
  });
});

describe('the lab', () => {
  const run = randomUUID();
  async function press(path: string, key: string, trouble: string) {
    return server
      .post(
        `lab.${path}`,
        { json: { run } },
        { cookie, 'Idempotency-Key': `"${key}"`, 'x-demo-trouble': trouble, 'x-demo-attempt': 'a' },
      )
      .catch(() => undefined);
  }
  const effects = async () => (await ask('lab.run', { run, key: 'k' })).data;

  it.each([
    ['before', 0],
    ['inside', 0],
    ['after', 1],
  ])(
    'a server that is killed %s the commit has left %i effects in each lane, and a retry makes it one where there is a key',
    async (point, left) => {
      for (const path of ['pressWith', 'pressWithout']) {
        expect(await press(path, 'k', `kill=${point}`)).toBeUndefined();
        await server.restart();
      }
      expect((await effects()).effects).toHaveLength(2 * left);
      await press('pressWith', 'k', 'delay=0');
      await press('pressWithout', 'k', 'delay=0');
      const lanes = (await effects()).effects.map((effect: { lane: string }) => effect.lane);
      expect(lanes.filter((lane: string) => lane === 'with')).toHaveLength(1);
      expect(lanes.filter((lane: string) => lane === 'without')).toHaveLength(1 + left);
    },
  );

  it('elsewhere: what can be asked happens once, what cannot may happen twice', async () => {
    for (const path of ['pressElsewhere', 'pressUnasked']) {
      expect(await press(path, path, 'kill=inside')).toBeUndefined();
      await server.restart();
      expect((await press(path, path, 'delay=0'))?.status).toBe(200);
    }
    const { effects: all } = await effects();
    expect(all).toHaveLength(1 + 2);
    expect(
      (await ask('lab.run', { run, key: 'pressElsewhere' })).data.events.map((e: { kind: string }) => e.kind),
    ).toContain('taken-over');
  });
});

describe('operations', () => {
  it('are for administrators: 401, 403, and then records, lives, plots, abandon and purge', async () => {
    await call('messages.send', { body: 'Hello' }, 'key-1');
    const asAdmin = await server.signIn('admin');
    for (const path of ['records', 'plots', 'expired']) {
      const input = path === 'records' ? {} : undefined;
      expect((await ask(`operations.${path}`, input, '')).status).toBe(401);
      expect((await ask(`operations.${path}`, input)).status).toBe(403);
      expect((await ask(`operations.${path}`, input, asAdmin)).status).toBe(200);
    }
    expect((await ask('operations.records', { text: 'ey-1' }, asAdmin)).data).toHaveLength(1);
    expect((await ask('operations.records', { text: '100%' }, asAdmin)).data).toEqual([]);
    const life = (await ask('operations.life', { scope: 'alice', key: 'key-1' }, asAdmin)).data;
    expect(life.record).not.toHaveProperty('result');
    expect(life.events.map((event: { kind: string }) => event.kind)).toEqual(['succeeded']);
    expect((await call('operations.abandon', { scope: 'alice', key: 'never' }, '', asAdmin)).data).toEqual({
      isAbandoned: true,
    });
    expect((await call('messages.send', { body: 'Hello' }, 'never')).error.data.oncekey.code).toBe('ABANDONED');
    await server.sql`update oncekey_records set expires_at = now() - interval '1 s' where key = 'key-1'`;
    expect((await call('operations.purge', null, '', asAdmin)).status).toBe(200);
    await expect
      .poll(async () => (await ask('operations.expired', undefined, asAdmin)).data.purge)
      .toMatchObject({ state: 'done', records: 1 });
  });
});
