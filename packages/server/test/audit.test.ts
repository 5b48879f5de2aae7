import { setTimeout as sleep } from 'node:timers/promises';
import { TRPCError } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import type { AuditLevel } from '../src/events.ts';
import type { IdempotencyEvent } from '../src/index.ts';
import { count, createApp, type Db, freshDatabase, insertEffect } from './fixture.ts';

function auditedApp(db: Db, events: AuditLevel) {
  const app = createApp(db, { store: drizzleStore(db, { events }), actor: ({ ctx }) => `person ${ctx.user}` });
  const heard: IdempotencyEvent[] = [];
  app.idempotency.listen((event) => heard.push(event));
  const router = app.t.router({
    add: app.user
      .input((raw) => raw as string)
      .concat(app.idempotency.transactional())
      .mutation(async ({ ctx, input }) => {
        const id = await insertEffect(ctx.db, input);
        if (input === 'refused') throw new TRPCError({ code: 'CONFLICT' });
        return id;
      }),
  });
  const add = (key: string, input: string) => app.t.createCallerFactory(router)(app.contextOf(key)).add(input);
  return { add, heard, idempotency: app.idempotency };
}

async function eventsOf(db: Db) {
  const rows = await db.execute<{ kind: string; actor: string; key: string; detail: unknown }>(
    sql`select kind, actor, key, detail from oncekey_events order by id`,
  );
  return Array.from(rows);
}

describe('the audit', () => {
  it.each([
    ['off', []],
    ['outcomes', ['succeeded', 'mismatch']],
    ['all', ['succeeded', 'replayed', 'mismatch']],
  ] as const)('at level %s tells of %j', async (level, kinds) => {
    await using database = await freshDatabase();
    const { add } = auditedApp(database.db, level);
    await add('k', 'a');
    await add('k', 'a');
    await add('k', 'b').catch(() => {});
    const events = await eventsOf(database.db);
    expect(events.map(({ kind }) => kind)).toEqual(kinds);
    for (const { actor, key } of events) expect([actor, key]).toEqual(['person alice', 'k']);
  });

  it('is written in the transaction that it tells of: nothing of what was rolled back', async () => {
    await using database = await freshDatabase();
    const { add } = auditedApp(database.db, 'all');
    await expect(add('k', 'refused')).rejects.toThrow();
    expect(await eventsOf(database.db)).toEqual([]);
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it('tells of an owner that came back after another had taken over', async () => {
    await using database = await freshDatabase();
    const [late, other] = [auditedApp(database.db, 'outcomes'), auditedApp(database.db, 'outcomes')];
    const request = { mode: 'leased', operation: 'pay', scope: 'alice', key: 'k', actor: 'person alice' } as const;
    const { data } = await late.idempotency.execute(request, async () => {
      await database.db.execute(sql`update oncekey_records set lease_expires_at = now()`);
      await other.idempotency.execute(request, async () => 'of the new owner');
      return 'of the old owner';
    });
    expect(data).toBe('of the new owner');
    const events = await eventsOf(database.db);
    expect(events.map(({ kind }) => kind)).toEqual(['taken-over', 'succeeded', 'lease-lost']);
    for (const { actor, key } of events) expect([actor, key]).toEqual(['person alice', 'k']);
  });

  it('notices a client that mints a key with each try (a timestamp in the key)', async () => {
    await using database = await freshDatabase();
    const { add, heard } = auditedApp(database.db, 'outcomes');
    await add('k-1700000000001', 'a');
    await add('k-1700000000002', 'a');
    await add('k-1700000000003', 'b');
    const suspects = heard.filter(({ kind }) => kind === 'suspected-duplicate');
    expect(suspects).toHaveLength(1);
    expect(suspects[0]?.otherExecutionId).toBe(heard[0]?.executionId);
    await sleep(50); // written beside the answer, not before it
    expect((await eventsOf(database.db)).find(({ kind }) => kind === 'suspected-duplicate')?.detail).toEqual({
      otherExecutionId: heard[0]?.executionId,
    });
  });

  it('goes on without a listener that throws', async () => {
    await using database = await freshDatabase();
    const { add, idempotency } = auditedApp(database.db, 'off');
    const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const stop = idempotency.listen(() => {
      throw new Error('a broken listener');
    });
    await add('k', 'a');
    expect(await unhandled).toMatchObject({ message: 'a broken listener' });
    stop();
    await add('k-2', 'b');
  });
});

describe('a purge', () => {
  it('goes in batches, says how far it is, and can be stopped and gone on with', async () => {
    await using database = await freshDatabase();
    const { add, idempotency } = auditedApp(database.db, 'all');
    for (let i = 0; i < 7; i++) await add(`k-${i}`, 'a');
    await database.db.execute(sql`update oncekey_records set expires_at = now()`);
    const progress: number[] = [];
    const first = await idempotency.purge({
      batchSize: 3,
      maxBatches: 2,
      pause: 0,
      onProgress: ({ records }) => progress.push(records),
    });
    expect(first).toEqual({ records: 6, events: 0, batches: 2, isDone: false });
    expect(progress).toEqual([3, 6]);
    expect(await idempotency.purge({ batchSize: 3 })).toMatchObject({ records: 1, isDone: true });
    expect(await count(database.db, 'oncekey_records')).toBe(0);
    expect(await count(database.db, 'effects')).toBe(7);
    await expect(idempotency.purge({ batchSize: 0 })).rejects.toThrow(RangeError);
  });

  it('never races a claim (the purge deleted the row between INSERT and SELECT)', async () => {
    await using database = await freshDatabase();
    const { add, idempotency } = auditedApp(database.db, 'off');
    let isOver = false;
    const purging = (async () => {
      while (!isOver) await idempotency.purge({ pause: 0 });
    })();
    for (let i = 0; i < 40; i++) {
      const answers = await Promise.all([add(`k-${i % 4}`, 'a'), add(`k-${i % 4}`, 'a')]);
      expect(new Set(answers).size).toBe(1);
      await database.db.execute(sql`update oncekey_records set expires_at = now() where key = ${`k-${i % 4}`}`);
    }
    isOver = true;
    await purging;
    expect(await count(database.db, 'effects')).toBe(40);
  });

  it('by two at once takes each row once', async () => {
    await using database = await freshDatabase();
    const { add, idempotency } = auditedApp(database.db, 'off');
    for (let i = 0; i < 30; i++) await add(`k-${i}`, 'a');
    await database.db.execute(sql`update oncekey_records set expires_at = now()`);
    const purges = await Promise.all([1, 2, 3].map(() => idempotency.purge({ batchSize: 4, pause: 0 })));
    await idempotency.purge();
    expect(purges.reduce((sum, { records }) => sum + records, 0)).toBeLessThanOrEqual(30);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });
});
