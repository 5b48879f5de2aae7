import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError, oncekeyErrorData } from '@oncekey/core';
import { describe, expect, it } from 'vitest';
import type { InputOptions, LeasedOptions, TransactionalOptions } from '../src/index.ts';
import { type Ctx, connect, count, createApp, type Db, freshDatabase, gate, insertEffect } from './fixture.ts';

interface Import {
  readonly file: string;
  readonly note?: string;
}
const by = ({ input }: { readonly input: Import }) => [input.file] as const;

/** A process that imports files: its handler enqueues a job and answers with the execution's id, as a job's. */
function importApp(db: Db, options: TransactionalOptions<InputOptions<Ctx>>) {
  const app = createApp(db);
  const router = app.t.router({
    start: app.user
      .input((raw) => raw as Import)
      .concat(app.idempotency.transactional(options))
      .mutation(async ({ ctx, input }) => {
        await insertEffect(ctx.db, input.file);
        return ctx.idempotency.executionId;
      }),
  });
  const start = (key: string | undefined, input: Import, person?: string) =>
    app.t.createCallerFactory(router)(app.contextOf(key, person)).start(input);
  return { start, idempotency: app.idempotency };
}

function leasedApp(db: Db, options: LeasedOptions<InputOptions<Ctx>>, handler: () => Promise<unknown>) {
  const app = createApp(db);
  const router = app.t.router({
    start: app.user
      .input((raw) => raw as Import)
      .concat(app.idempotency.leased(options))
      .mutation(handler),
  });
  return (key: string, input: Import) => app.t.createCallerFactory(router)(app.contextOf(key)).start(input);
}

const isDuplicate = expect.toSatisfy((error) => isOncekeyError(error, 'DUPLICATE'));

describe('dedupe while running (seed 000)', () => {
  const options = { dedupe: { by, while: 'running', on: 'replay' } } as const;

  it('answers a second intent with the running job, and allows a re-run under a new execution once it is settled', async () => {
    await using database = await freshDatabase();
    const { start, idempotency } = importApp(database.db, options);
    const first = await start('k-1', { file: 'a.csv' });
    expect(await start('k-2', { file: 'a.csv' })).toBe(first);
    expect(await start('k-3', { file: 'b.csv' })).not.toBe(first);
    expect(await count(database.db, 'effects')).toBe(2);

    expect(await idempotency.settle(first, 'succeeded')).toBe(true);
    const again = await start('k-4', { file: 'a.csv' });
    expect(again).not.toBe(first);
    expect(await start('k-1', { file: 'a.csv' })).toBe(first); // a late retry never starts a second job
    expect(await count(database.db, 'effects')).toBe(3);
  });

  it('is not freed by the end of an old job (an old job’s end freed the new job’s dedupe key)', async () => {
    await using database = await freshDatabase();
    const { start, idempotency } = importApp(database.db, options);
    const first = await start('k-1', { file: 'a.csv' });
    await idempotency.settle(first, 'cancelled');
    const second = await start('k-2', { file: 'a.csv' });
    expect(await idempotency.settle(first, 'succeeded')).toBe(false);
    expect(await start('k-3', { file: 'a.csv' })).toBe(second);
  });

  it('is settled in the worker’s own transaction, or not at all', async () => {
    await using database = await freshDatabase();
    const { start, idempotency } = importApp(database.db, options);
    const first = await start('k-1', { file: 'a.csv' });
    const rolledBack = database.db.transaction(async (tx) => {
      expect(await idempotency.settle(first, 'succeeded', tx)).toBe(true);
      throw new Error('the worker died');
    });
    await expect(rolledBack).rejects.toThrow('died');
    expect(await start('k-2', { file: 'a.csv' })).toBe(first);
  });

  it('lets one of many intents at once through, in several processes', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 4);
    const apps = [importApp(database.db, options), importApp(otherPool.db, options)];
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, i) => apps[i % 2]?.start(`k-${i}`, { file: 'a.csv' })),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('tells two people apart, and two operations', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, options);
    expect(await start('k', { file: 'a.csv' }, 'alice')).not.toBe(await start('k', { file: 'a.csv' }, 'bob'));
  });

  it('names the other execution in a 409, where that is asked for', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, { dedupe: { by, while: 'running', on: 'conflict' } });
    const first = await start('k-1', { file: 'a.csv' });
    const error = await start('k-2', { file: 'a.csv' }).catch((thrown: unknown) => thrown);
    expect(error).toEqual(isDuplicate);
    expect(oncekeyErrorData(error)?.duplicateOf).toMatchObject({ executionId: first, state: 'succeeded' });
  });
});

describe('dedupe for a time', () => {
  it('ends with its window', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, { dedupe: { by, for: '300ms', on: 'replay' } });
    const first = await start('k-1', { file: 'a.csv' });
    expect(await start('k-2', { file: 'a.csv' })).toBe(first);
    await sleep(320);
    const second = await start('k-3', { file: 'a.csv' });
    expect(second).not.toBe(first);
    expect(await start('k-4', { file: 'a.csv' })).toBe(second);
  });
});

describe('a leased execution that holds a dedupe key', () => {
  it('is waited for, and its answer given, though the key is free when it returns', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const leave = gate();
    let runs = 0;
    const handler = async () => {
      inside.open();
      await leave.opened;
      return ++runs;
    };
    const options = { dedupe: { by, while: 'running', on: 'replay' } } as const;
    const first = leasedApp(database.db, options, handler)('k-1', { file: 'a.csv' });
    await inside.opened;
    const start = leasedApp(otherPool.db, options, handler);
    const second = start('k-2', { file: 'a.csv' });
    await sleep(50);
    leave.open();
    expect(await Promise.all([first, second])).toEqual([1, 1]);
    expect(await start('k-3', { file: 'a.csv' })).toBe(2);
  });

  it('does not hold it for a day after a crash', async () => {
    await using database = await freshDatabase();
    let fails = true;
    const start = leasedApp(database.db, { dedupe: { by, while: 'running', on: 'conflict' } }, async () => {
      if (fails) throw new Error('the worker died');
      return 'done';
    });
    await expect(start('k-1', { file: 'a.csv' })).rejects.toThrow('died');
    fails = false;
    expect(await start('k-2', { file: 'a.csv' })).toBe('done');
    expect(await start('k-1', { file: 'a.csv' })).toBe('done'); // its retry claims the dedupe key again
  });
});

describe('a missing key', () => {
  it('that is generated leaves a record each time, and nothing NULL', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, { key: 'generate' });
    expect(await start(undefined, { file: 'a.csv' })).not.toBe(await start(undefined, { file: 'a.csv' }));
    expect(await count(database.db, 'oncekey_records')).toBe(2);
  });

  it('that is derived makes the same input the same intent within the window', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, { key: 'derive', dedupe: { for: '300ms' } });
    const first = await start(undefined, { file: 'a.csv' });
    expect(await start(undefined, { file: 'a.csv' })).toBe(first);
    expect(await start(undefined, { file: 'a.csv', note: 'other' })).not.toBe(first);
    expect(await start(createKey(), { file: 'a.csv' })).not.toBe(first); // a key says that it is meant anew
    await sleep(320);
    expect(await start(undefined, { file: 'a.csv' })).not.toBe(first);
  });

  it('needs a window to be derived, and a dedupe key something to be made from', () => {
    const { idempotency } = createApp({} as Db);
    expect(() => idempotency.transactional({ key: 'derive' })).toThrow(RangeError);
    expect(() => idempotency.transactional({ dedupe: { for: '1s' } })).toThrow(RangeError);
  });

  it('is not made from a clock', async () => {
    await using database = await freshDatabase();
    const { start } = importApp(database.db, {
      dedupe: { by: ({ input }: { input: Import }) => [input.file, Date.now()], for: '1s' },
    });
    await expect(start('k', { file: 'a.csv' })).rejects.toSatisfy((error) => isOncekeyError(error, 'MISCONFIGURED'));
    expect(await count(database.db, 'effects')).toBe(0);
  });
});
