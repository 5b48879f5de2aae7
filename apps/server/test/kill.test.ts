import { expect, it } from 'vitest';
import { startDemoServer } from './fixture.ts';

it('killed in the middle of a handler’s transaction, the restarted server runs the same key once', async () => {
  await using server = await startDemoServer();
  const cookie = await server.signIn('alice');
  const send = () =>
    server.post(
      'conversations.start',
      { json: { agencyId: 'mira', message: 'Hello' } },
      { cookie, 'Idempotency-Key': '"k-1"' },
    );

  // The handler has written its conversation and waits for this lock to write its message.
  const blocker = await server.sql.reserve();
  await blocker`begin`;
  await blocker`lock table messages in access exclusive mode`;
  const doomed = send().catch(() => 'lost');
  for (let waiting = 0; waiting === 0; ) {
    const [row] = await server.sql<{ count: number }[]>`
      select count(*)::int from pg_locks where not granted and relation = 'messages'::regclass`;
    waiting = row?.count ?? 0;
  }
  await server.kill('SIGKILL');
  expect(await doomed).toBe('lost');
  await blocker`rollback`;
  blocker.release();

  await server.restart();
  const answer = await send();
  expect(answer.status).toBe(200);
  expect((await send()).text).toBe(answer.text); // the session has outlived the restart, too
  expect(await server.conversations()).toBe(1);
  const [rows] = await server.sql`select (select count(*) from messages)::int as messages,
    (select count(*) from oncekey_records)::int as records`;
  expect(rows).toEqual({ messages: 1, records: 1 });
});

it('stops within a second of SIGTERM, and first finishes what runs', async () => {
  await using server = await startDemoServer();
  const cookie = await server.signIn('alice');
  const running = server.post(
    'conversations.start',
    { json: { agencyId: 'mira', message: 'Hello' } },
    { cookie, 'Idempotency-Key': '"k-1"', 'x-demo-trouble': 'delay=300' },
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.kill('SIGTERM');
  expect((await running).status).toBe(200);
  expect(await server.conversations()).toBe(1);
});
