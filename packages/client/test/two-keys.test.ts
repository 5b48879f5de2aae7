import { httpLink } from '@trpc/client';
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

it('does not warn of a retry under the same key, nor of another input', async () => {
  expect(await send(['b-1', 'b-1'], [2, 2])).toBe(0);
  expect(await send(['c-1', 'c-2'], [3, 4])).toBe(0);
});

it('says nothing in production', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(await send(['d-1', 'd-2'], [5, 5])).toBe(0);
});
