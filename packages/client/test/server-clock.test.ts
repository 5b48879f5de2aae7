import { createKey, isOncekeyError } from '@oncekey/core';
import superjson from 'superjson';
import { afterEach, expect, it, vi } from 'vitest';
import { idempotent, type KeyedAnswer } from '../src/index.ts';
import { serveAll } from './transports.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

const DAY_MS = 86_400_000;

it.each([
  ['days slow', -3],
  ['days fast', 3],
])('a client whose clock is %s gets through with its first call, and knows the time from then on', async (_, days) => {
  // The server runs in this process: what is wrong here is what the client's keys say, not the clock of both.
  const { idempotencyLink, idempotent: ask } = await import('../src/index.ts');
  const core = await import('@oncekey/core');
  await using server = await serveAll(superjson);
  const { createTRPCClient, httpLink } = await import('@trpc/client');
  const { url } = server;
  const client = createTRPCClient<Awaited<ReturnType<typeof serveAll>>['router']>({
    links: [idempotencyLink(), httpLink({ url, transformer: superjson })],
  });
  const realNow = Date.now;
  const answers: KeyedAnswer[] = [];
  const offClock = vi.spyOn(Date, 'now');
  const context = ask({ onAnswer: (answer) => answers.push(answer) });
  // Off while the key is minted and while the answer is read; right while the server looks.
  const isOfClient = () => /server-clock|uuid/.test(new Error('who asks').stack ?? '');
  offClock.mockImplementation(() => realNow() + (isOfClient() ? days * DAY_MS : 0));
  expect(await client.pay.mutate({ amount: 1 }, { context })).toMatchObject({ run: 1 });
  expect(await client.pay.mutate({ amount: 1 }, { context })).toMatchObject({ run: 2 });
  offClock.mockRestore();
  for (const { key } of answers) {
    const parsed = core.parseKey(key);
    expect(Math.abs((parsed.ok ? (parsed.bornAt?.getTime() ?? 0) : 0) - realNow())).toBeLessThan(10_000);
  }
  expect(server.requests()).toBe(3);
});

it('a key of the caller’s own is not minted anew: it may have been used', async () => {
  await using server = await serveAll(superjson);
  const old = createKey(Date.now() - 3 * DAY_MS);
  const sent = server.client('httpLink').pay.mutate({ amount: 1 }, { context: idempotent(old) });
  await expect(sent).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_EXPIRED'));
  expect(server.runs()).toBe(0);
});
