import { createKey, isOncekeyError } from '@oncekey/core';
import { describe, expect, it } from 'vitest';
import { count, createApp, freshDatabase, insertEffect } from './fixture.ts';

const isCode = (code: Parameters<typeof isOncekeyError>[1]) => (error: unknown) => isOncekeyError(error, code);

describe('execute, for what is not tRPC', () => {
  it('runs a job once a key, in a transaction', async () => {
    await using database = await freshDatabase();
    const { idempotency } = createApp(database.db);
    const work = (note: string) =>
      idempotency.execute(
        { mode: 'transactional', operation: 'sync', scope: 'worker', key: 'job-1', input: { note } },
        async ({ db, executionId }) => ({ id: await insertEffect(db, note), executionId, at: new Date(5) }),
      );
    const first = await work('a');
    const second = await work('a');
    expect(first).toMatchObject({ replayed: false, data: { at: new Date(5), executionId: first.executionId } });
    expect(second).toEqual({ ...first, replayed: true });
    await expect(work('b')).rejects.toSatisfy(isCode('KEY_REUSED'));
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('goes on with a job whose worker died, step by step', async () => {
    await using database = await freshDatabase();
    const { idempotency } = createApp(database.db);
    const sent: string[] = [];
    const work = (dies: boolean) =>
      idempotency.execute(
        { mode: 'leased', operation: 'mail.welcome', scope: 'worker', key: 'job-1' },
        async ({ step, attempt }) => {
          await step('send', ({ key }) => sent.push(key));
          if (dies) throw new Error('died');
          return attempt;
        },
      );
    await expect(work(true)).rejects.toThrow('died');
    expect(await work(false)).toMatchObject({ data: 2, replayed: false });
    expect(await work(false)).toMatchObject({ data: 2, replayed: true });
    expect(sent).toHaveLength(1);
  });

  it('does not take jobs without an input for one request under two keys', async () => {
    await using database = await freshDatabase();
    const { idempotency } = createApp(database.db);
    const heard: string[] = [];
    idempotency.listen(({ kind }) => heard.push(kind));
    const job = (key: string, input?: unknown) =>
      idempotency.execute({ mode: 'transactional', operation: 'job', scope: 'worker', key, input }, async () => 1);
    await job('a');
    await job('b');
    expect(heard).not.toContain('suspected-duplicate');
    await job('c', { id: 7 });
    await job('d', { id: 7 });
    expect(heard).toContain('suspected-duplicate');
  });

  it('remembers the errors that it is told to, with name, message and code', async () => {
    await using database = await freshDatabase();
    const { idempotency } = createApp(database.db);
    let runs = 0;
    const work = () =>
      idempotency.execute(
        { mode: 'transactional', operation: 'charge', scope: 'worker', key: 'k', remember: () => true },
        async ({ db }) => {
          runs++;
          await insertEffect(db, 'gone');
          throw Object.assign(new Error('declined'), { name: 'CardError', code: 'card_declined' });
        },
      );
    const declined = { name: 'CardError', message: 'declined', code: 'card_declined' };
    await expect(work()).rejects.toMatchObject(declined);
    await expect(work()).rejects.toMatchObject(declined);
    expect(runs).toBe(1);
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(1);
  });

  it('says what is wrong with a request that is none (an empty key was re-run for a month)', async () => {
    const { idempotency } = createApp({} as never);
    const run = (more: object) =>
      idempotency.execute(
        { mode: 'transactional', operation: 'x', scope: 'worker', key: createKey(), ...more },
        async () => 1,
      );
    await expect(run({ key: 'no key' })).rejects.toSatisfy(isCode('KEY_INVALID'));
    await expect(run({ key: '' })).rejects.toSatisfy(isCode('KEY_INVALID'));
    await expect(run({ scope: '' })).rejects.toSatisfy(isCode('MISCONFIGURED'));
    await expect(run({ operation: '' })).rejects.toSatisfy(isCode('MISCONFIGURED'));
    await expect(run({ retention: 0 })).rejects.toThrow(RangeError);
  });
});
