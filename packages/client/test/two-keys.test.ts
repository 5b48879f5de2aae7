import { httpLink, TRPCClientError } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import superjson from 'superjson';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { idempotencyLink, idempotent } from '../src/index.ts';
import { serve } from './fixture.ts';

beforeEach(() => {
  vi.stubEnv('NODE_ENV', 'development');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function send(keys: readonly string[], inputs: readonly number[]) {
  await using server = await serve();
  const client = server.client(idempotencyLink(), httpLink({ url: server.url, transformer: superjson }));
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  for (const [index, key] of keys.entries()) {
    await client.add.mutate({ n: inputs[index] ?? 0 }, { context: idempotent(key) });
  }
  return warned.mock.calls.length;
}

it('warns of one input that goes out under two keys within a second', async () => {
  expect(await send(['a-1', 'a-2'], [1, 1])).toBe(1);
});

it('warns of another key after an attempt without an answer, however long ago, and not once it was given up', async () => {
  await using server = await serve();
  const lost: Parameters<typeof server.client>[number] =
    () =>
    ({ op, next }) =>
      op.path === 'add'
        ? observable((observer) => observer.error(TRPCClientError.from(new TypeError('fetch failed'))))
        : next(op);
  const client = server.client(idempotencyLink(), lost, httpLink({ url: server.url, transformer: superjson }));
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const now = vi.spyOn(performance, 'now');
  const attempt = (key: string, at: number) => {
    now.mockReturnValue(at);
    return client.add.mutate({ n: 7 }, { context: idempotent(key) }).catch(() => {});
  };
  await attempt('e-1', 0);
  await attempt('e-1', 60_000);
  expect(warned).not.toHaveBeenCalled();
  await attempt('e-2', 120_000);
  expect(warned.mock.calls[0]?.[0]).toMatch(/after an attempt without an answer/);
  await client.add.mutate({ n: 7 }, { context: idempotent({ key: 'e-2', about: 'abandon' }) }).catch(() => {});
  await attempt('e-3', 180_000);
  expect(warned).toHaveBeenCalledOnce();
});

it('does not warn of a retry under the same key, nor of another input', async () => {
  expect(await send(['b-1', 'b-1'], [2, 2])).toBe(0);
  expect(await send(['c-1', 'c-2'], [3, 4])).toBe(0);
});

it('says nothing in production', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(await send(['d-1', 'd-2'], [5, 5])).toBe(0);
});
