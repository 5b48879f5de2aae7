import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError } from '@oncekey/core';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { idempotent, type KeyedAnswer } from '../src/index.ts';
import { serveAll } from './transports.ts';

const TRANSPORTS = ['httpLink', 'httpBatchLink', 'httpBatchStreamLink', 'wsLink', 'splitLink', 'localLink'] as const;
const TRANSFORMERS = [
  ['superjson', superjson],
  ['no transformer', undefined],
] as const;

/** A key, and what was said of each answer under it. */
function asking(key = createKey()) {
  const answers: KeyedAnswer[] = [];
  return { key, answers, context: () => idempotent({ key, onAnswer: (answer) => answers.push(answer) }) };
}

describe.each(TRANSFORMERS)('with %s', (_, transformer) => {
  describe.each(TRANSPORTS)('%s', (transport) => {
    it('runs a fresh key, and answers it from the record the next time', async () => {
      await using server = await serveAll(transformer);
      const client = server.client(transport);
      const { key, answers, context } = asking();
      const first = await client.pay.mutate({ amount: 1 }, { context: context() });
      const second = await client.pay.mutate({ amount: 1 }, { context: context() });
      expect(first).toEqual({ amount: 1, run: 1 });
      expect(second).toEqual(first);
      expect(answers.map(({ replayed }) => replayed)).toEqual([false, true]);
      expect(new Set(answers.map(({ executionId }) => executionId)).size).toBe(1);
      expect(answers[0]?.key).toBe(key);
    });

    it('answers a remembered error again', async () => {
      await using server = await serveAll(transformer);
      const client = server.client(transport);
      const { context } = asking();
      const refused = { message: 'declined 1', data: { code: 'PRECONDITION_FAILED', httpStatus: 412 } };
      await expect(client.refuse.mutate({ amount: 1 }, { context: context() })).rejects.toMatchObject(refused);
      await expect(client.refuse.mutate({ amount: 1 }, { context: context() })).rejects.toMatchObject(refused);
      expect(server.runs()).toBe(1);
    });

    it('refuses another request under the key, and a key where it means nothing', async () => {
      await using server = await serveAll(transformer);
      const client = server.client(transport);
      const { context } = asking();
      await client.pay.mutate({ amount: 1 }, { context: context() });
      const reused = client.pay.mutate({ amount: 2 }, { context: context() });
      await expect(reused).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_REUSED'));
      const plain = client.plain.mutate(undefined, { context: context() });
      await expect(plain).rejects.toSatisfy((error) => isOncekeyError(error, 'NOT_IDEMPOTENT'));
      expect(await client.plain.mutate()).toBe('not idempotent');
    });

    it('runs once for many at once, other calls among them', async () => {
      await using server = await serveAll(transformer);
      server.slowDown(30);
      const client = server.client(transport);
      const { answers, context } = asking();
      const other = asking();
      const same = Array.from({ length: 5 }, () => client.pay.mutate({ amount: 1 }, { context: context() }));
      const another = client.pay.mutate({ amount: 7 }, { context: other.context() });
      expect(new Set((await Promise.all(same)).map(({ run }) => run)).size).toBe(1);
      expect((await another).amount).toBe(7);
      expect(server.runs()).toBe(2);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(other.answers).toMatchObject([{ key: other.key, replayed: false }]);
    });

    it('tells a missing key, and says what became of one', async () => {
      await using server = await serveAll(transformer);
      const client = server.client(transport);
      await expect(client.pay.mutate({ amount: 1 })).rejects.toSatisfy((error) =>
        isOncekeyError(error, 'KEY_REQUIRED'),
      );
      const { key, context } = asking();
      expect(await client.idempotency.outcome.query({ key })).toEqual({ state: 'unseen' });
      await client.pay.mutate({ amount: 1 }, { context: context() });
      expect(await client.idempotency.outcome.query({ key })).toMatchObject({ state: 'succeeded', operation: 'pay' });
      // The same, through the mutation itself: what a hook does, which knows no other procedure.
      const about = (what: 'outcome' | 'abandon', which: string) =>
        client.pay.mutate({ amount: 1 }, { context: idempotent({ key: which, about: what }) });
      expect(await about('outcome', key)).toMatchObject({ state: 'succeeded' });
      expect(await about('abandon', createKey())).toMatchObject({ state: 'abandoned' });
      expect(server.runs()).toBe(1);
    });
  });

  it.each(['httpLink', 'splitLink'] as const)('%s takes FormData with the key in a header', async (transport) => {
    await using server = await serveAll(transformer);
    const client = server.client(transport);
    const form = (text: string) => {
      const data = new FormData();
      data.set('a', text);
      return data;
    };
    const { answers, context } = asking();
    expect(await client.upload.mutate(form('x'), { context: context() })).toBe('x 1');
    expect(await client.upload.mutate(form('x'), { context: context() })).toBe('x 1');
    expect(answers.map(({ replayed }) => replayed)).toEqual([false, true]);
    const reused = client.upload.mutate(form('y'), { context: context() });
    await expect(reused).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_REUSED'));
  });

  it('createCaller takes its key by withKey', async () => {
    await using server = await serveAll(transformer);
    const first = await server.caller('k').pay({ amount: 1 });
    expect(await server.caller('k').pay({ amount: 1 })).toEqual(first);
    expect(server.runs()).toBe(1);
  });

  it('wsLink sends again under the same key when its socket drops in the middle', async () => {
    await using server = await serveAll(transformer);
    server.slowDown(150);
    const client = server.client('wsLink');
    const { answers, context } = asking();
    const sent = client.pay.mutate({ amount: 1 }, { context: context() });
    await sleep(70); // the handler runs
    server.dropSockets();
    // tRPC gives up what was on its way, or sends it again by itself: the same key holds for both.
    const answer = await sent.catch(() => client.pay.mutate({ amount: 1 }, { context: context() }));
    expect(answer.run).toBe(1);
    expect(server.runs()).toBe(1);
    expect(answers.at(-1)?.replayed).toBe(true);
  });
});
