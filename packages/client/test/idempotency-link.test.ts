import { isOncekeyError, parseKey } from '@oncekey/core';
import { httpBatchLink, httpBatchStreamLink, httpLink, retryLink } from '@trpc/client';
import superjson from 'superjson';
import { describe, expect, it, vi } from 'vitest';
import { withHeaderKey } from '../src/idempotency-headers.ts';
import { idempotencyHeaders, idempotencyLink, idempotent, type KeyedAnswer } from '../src/index.ts';
import { serve } from './fixture.ts';

const transports = { httpLink, httpBatchLink, httpBatchStreamLink };
const matrix = Object.keys(transports).flatMap((name) =>
  ([superjson, undefined] as const).map(
    (transformer) => [name as keyof typeof transports, transformer ? 'superjson' : 'plain JSON', transformer] as const,
  ),
);

describe.each(matrix)('over %s with %s', (name, _, transformer) => {
  const end = (url: string) => transports[name]({ url, transformer: transformer as typeof superjson });

  it('sends a key with a mutation that asks for one, and says of the answer whether it was replayed', async () => {
    await using server = await serve({ transformer });
    const client = server.client(idempotencyLink(), end(server.url));
    const answers: KeyedAnswer[] = [];
    const context = idempotent({ key: 'k-1', onAnswer: (answer) => answers.push(answer) });
    const first = await client.add.mutate({ n: 1 }, { context });
    expect(await client.add.mutate({ n: 1 }, { context })).toEqual(first);
    expect(answers).toEqual([
      { key: 'k-1', replayed: false, executionId: 'execution of k-1' },
      { key: 'k-1', replayed: true, executionId: 'execution of k-1' },
    ]);
    expect(server.executions()).toBe(1);
  });

  it('keeps the key through retryLink, to one effect', async () => {
    await using server = await serve({ transformer });
    server.loseAnswers(2);
    const client = server.client(
      idempotencyLink(),
      retryLink({ retry: ({ attempts }) => attempts < 5 }),
      end(server.url),
    );
    expect(await client.add.mutate({ n: 1 }, { context: idempotent() })).toEqual({ n: 1, run: 1 });
    expect(server.seen).toHaveLength(3);
    expect(new Set(server.keys()).size).toBe(1);
    expect(parseKey(server.keys()[0])).toMatchObject({ ok: true, bornAt: expect.any(Date) });
  });

  it('gives two calls two keys, though they share one context object, and writes nothing into it (a client’s key leaked into its next request)', async () => {
    await using server = await serve({ transformer });
    const client = server.client(idempotencyLink(), end(server.url));
    const context = Object.freeze(idempotent());
    const before = JSON.stringify(context);
    await Promise.all([client.add.mutate({ n: 1 }, { context }), client.add.mutate({ n: 1 }, { context })]);
    expect(new Set(server.keys()).size).toBe(2);
    expect(JSON.stringify(context)).toBe(before);
    expect(server.executions()).toBe(2);
  });

  it('adds nothing unasked, beside calls that ask', async () => {
    await using server = await serve({ transformer });
    const client = server.client(idempotencyLink(), end(server.url));
    await Promise.all([
      client.add.mutate({ n: 1 }),
      client.add.mutate({ n: 2 }, { context: idempotent('k-2') }),
      client.nothing.mutate(),
      client.read.query(undefined, { context: idempotent('not for queries') }),
    ]);
    expect(server.keys().sort()).toEqual(['k-2', undefined, undefined, undefined]);
  });

  it('carries no input and no output', async () => {
    await using server = await serve({ transformer });
    const client = server.client(idempotencyLink(), end(server.url));
    expect(await client.nothing.mutate(undefined, { context: idempotent('k') })).toBeUndefined();
    expect(await client.nothing.mutate(undefined, { context: idempotent('k') })).toBeUndefined();
    expect(server.executions()).toBe(1);
  });
});

describe('idempotencyLink', () => {
  it.each([
    [true, 2],
    [false, 0],
    [undefined, 0],
    [['add'], 1],
    [(path: string) => path === 'nothing', 1],
  ] as const)('with auto: %s asks by itself', async (auto, keyed) => {
    await using server = await serve();
    const link = auto === undefined ? idempotencyLink() : idempotencyLink({ auto });
    const client = server.client(link, httpLink({ url: server.url, transformer: superjson }));
    await client.add.mutate({ n: 1 });
    await client.nothing.mutate();
    await client.read.query();
    expect(server.keys().filter(Boolean)).toHaveLength(keyed);
  });

  it('refuses what is not a key before anything is sent', async () => {
    await using server = await serve();
    const client = server.client(idempotencyLink(), httpLink({ url: server.url, transformer: superjson }));
    for (const key of ['', 'a b', 'ключ', 'x'.repeat(256)]) {
      const call = client.add.mutate({ n: 1 }, { context: idempotent({ key }) });
      await expect(call).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_INVALID'));
    }
    expect(server.seen).toHaveLength(0);
  });

  it('says so when the server has no intake', async () => {
    await using server = await serve();
    const client = server.client(idempotencyLink(), httpLink({ url: server.url, transformer: superjson }));
    const call = client.naked.mutate(undefined, { context: idempotent() });
    await expect(call).rejects.toSatisfy((error) => isOncekeyError(error, 'MISCONFIGURED'));
  });

  it('sends FormData with its key in the header, and reads the answer’s', async () => {
    await using server = await serve();
    const end = httpLink({ url: server.url, transformer: superjson, headers: idempotencyHeaders });
    const client = server.client(idempotencyLink(), end);
    const form = new FormData();
    form.set('a', 'z');
    const first = await client.upload.mutate(form, { context: idempotent('say "k\\1"'.replace(' ', '-')) });
    expect(await client.upload.mutate(form, { context: idempotent('say-"k\\1"') })).toBe(first);
    expect(server.keys()).toEqual(['say-"k\\1"', 'say-"k\\1"']);
  });

  it('leaves no header key behind in a shared context: the next call would send it', async () => {
    await using server = await serve();
    const end = httpLink({ url: server.url, transformer: superjson, headers: idempotencyHeaders });
    const client = server.client(idempotencyLink(), end);
    const context = idempotent();
    const before = Object.keys(context);
    await client.upload.mutate(new FormData(), { context });
    await client.upload.mutate(new FormData(), { context });
    expect(Object.keys(context)).toEqual(before);
    expect(new Set(server.keys()).size).toBe(2);
    expect(server.executions()).toBe(2);
  });

  it('says so when nothing wrote the header of a FormData: it went without its key', async () => {
    await using server = await serve();
    const client = server.client(idempotencyLink(), httpLink({ url: server.url, transformer: superjson }));
    const call = client.upload.mutate(new FormData(), { context: idempotent() });
    await expect(call).rejects.toThrow('idempotencyHeaders');
    await expect(call).rejects.toSatisfy((error) => isOncekeyError(error, 'MISCONFIGURED'));
  });

  it('writes a batch’s header by index', () => {
    const none = { context: {} };
    const keyed = (key: string) => ({ context: withHeaderKey({}, { key, isSent: false }) });
    expect(idempotencyHeaders({ opList: [keyed('a'), none, keyed('c')] })).toEqual({
      'Idempotency-Key': '"a", ?0, "c"',
    });
    expect(idempotencyHeaders({ opList: [none, none] })).toEqual({});
    expect(idempotencyHeaders({ op: none })).toEqual({});
  });

  it('answers all the same when a listener throws', async () => {
    await using server = await serve();
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const client = server.client(idempotencyLink(), httpLink({ url: server.url, transformer: superjson }));
    const context = idempotent({
      onAnswer() {
        throw new Error('a listener’s mistake');
      },
    });
    expect(await client.add.mutate({ n: 1 }, { context })).toEqual({ n: 1, run: 1 });
    expect(report).toHaveBeenCalledOnce();
  });
});
