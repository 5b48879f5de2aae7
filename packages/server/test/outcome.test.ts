import { createKey, isOncekeyError, oncekeyErrorData } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { v7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { connect, count, createApp, type Db, freshDatabase, gate, insertEffect } from './fixture.ts';

function appOn(db: Db, handler?: () => Promise<unknown>) {
  const app = createApp(db, {
    store: drizzleStore(db, { events: 'outcomes' }),
    actor: ({ ctx }) => `person ${ctx.user}`,
  });
  const router = app.t.router({
    add: app.user.concat(app.idempotency.transactional()).mutation(async ({ ctx }) => {
      const id = await insertEffect(ctx.db, 'added');
      await handler?.();
      return id;
    }),
    push: app.user.concat(app.idempotency.leased()).mutation(async () => handler?.()),
    idempotency: app.idempotency.outcomes(app.user),
  });
  const caller = (key?: string, person?: string) => app.t.createCallerFactory(router)(app.contextOf(key, person));
  return {
    add: (key: string, person?: string) => caller(key, person).add(),
    push: (key: string) => caller(key).push(),
    outcome: (key: string, person?: string) => caller(undefined, person).idempotency.outcome({ key }),
    abandon: (key: string, person?: string) => caller(undefined, person).idempotency.abandon({ key }),
    caller,
  };
}

const isCode = (code: Parameters<typeof isOncekeyError>[1]) => (error: unknown) => isOncekeyError(error, code);

describe('outcome', () => {
  it('says what became of a key, to its own person only', async () => {
    await using database = await freshDatabase();
    const { add, outcome } = appOn(database.db);
    const key = createKey();
    expect(await outcome(key)).toEqual({ state: 'unseen' });
    await add(key);
    expect(await outcome(key)).toMatchObject({ state: 'succeeded', operation: 'add' });
    expect(await outcome(key, 'bob')).toEqual({ state: 'unseen' });
  });

  it('tells a leased execution that runs from one whose owner is gone', async () => {
    await using database = await freshDatabase();
    const inside = gate();
    const leave = gate();
    const { push, outcome } = appOn(database.db, async () => {
      inside.open();
      await leave.opened;
      throw new Error('gone');
    });
    const pushed = push('k');
    await inside.opened;
    expect(await outcome('k')).toMatchObject({ state: 'running', operation: 'push' });
    leave.open();
    await expect(pushed).rejects.toThrow('gone');
    expect(await outcome('k')).toMatchObject({ state: 'interrupted' });
  });

  it('refuses what is no key, and says of one that is too old that it cannot tell', async () => {
    await using database = await freshDatabase();
    const { outcome } = appOn(database.db);
    await expect(outcome('no key')).rejects.toSatisfy(isCode('KEY_INVALID'));
    expect(await outcome(v7({ msecs: Date.now() - 25 * 3_600_000 }))).toEqual({ state: 'expired' });
  });
});

describe('abandon', () => {
  it('settles an unseen key for good: the late packet is refused', async () => {
    await using database = await freshDatabase();
    const { add, abandon, outcome } = appOn(database.db);
    const key = createKey();
    expect(await abandon(key)).toMatchObject({ state: 'abandoned', isNew: true });
    expect(await abandon(key)).toMatchObject({ state: 'abandoned', isNew: false });
    await expect(add(key)).rejects.toSatisfy(isCode('ABANDONED'));
    expect(await outcome(key)).toMatchObject({ state: 'abandoned' });
    expect(await count(database.db, 'effects')).toBe(0);
    const [event] = await database.db.execute(sql`select kind, actor from oncekey_events`);
    expect(event).toEqual({ kind: 'abandoned', actor: 'person alice' });
  });

  it('changes nothing of what has happened', async () => {
    await using database = await freshDatabase();
    const { add, abandon } = appOn(database.db);
    const answer = await add('k');
    expect(await abandon('k')).toMatchObject({ state: 'succeeded', operation: 'add', isNew: false });
    expect(await add('k')).toBe(answer);
  });

  it('beats a transaction that runs: it cannot commit any more', async () => {
    await using database = await freshDatabase();
    const inside = gate();
    const leave = gate();
    const { add, abandon } = appOn(database.db, async () => {
      inside.open();
      await leave.opened;
    });
    const running = add('k');
    await inside.opened;
    expect(await abandon('k')).toMatchObject({ state: 'abandoned', isNew: true });
    leave.open();
    await expect(running).rejects.toSatisfy(isCode('ABANDONED'));
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it('leaves a leased execution that runs alone, and ends one whose owner is gone', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const leave = gate();
    const { push } = appOn(database.db, async () => {
      inside.open();
      await leave.opened;
      throw new Error('gone');
    });
    const { abandon } = appOn(otherPool.db);
    const pushed = push('k');
    await inside.opened;
    expect(await abandon('k')).toMatchObject({ state: 'running', isNew: false });
    leave.open();
    await expect(pushed).rejects.toThrow('gone');
    expect(await abandon('k')).toMatchObject({ state: 'abandoned', isNew: true });
    await expect(push('k')).rejects.toSatisfy(isCode('ABANDONED'));
  });

  it('is under the caller’s own scope', async () => {
    await using database = await freshDatabase();
    const { add, abandon } = appOn(database.db);
    await abandon('k', 'bob');
    await add('k', 'alice');
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('needs the app’s own sign-in', async () => {
    await using database = await freshDatabase();
    const { t, idempotency, user } = createApp(database.db);
    const router = t.router({ idempotency: idempotency.outcomes(user) });
    const stranger = t.createCallerFactory(router)({ db: database.db });
    await expect(stranger.idempotency.abandon({ key: 'k' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

describe('an old key', () => {
  it.each([
    ['before the retention', -25],
    ['in the future', 1],
  ])('born %s is refused with the server’s time, and never run', async (_, hours) => {
    await using database = await freshDatabase();
    const { add, push } = appOn(database.db);
    const key = v7({ msecs: Date.now() + hours * 3_600_000 });
    for (const send of [add, push]) {
      const error = await send(key).catch((thrown: unknown) => thrown);
      expect(error).toSatisfy(isCode('KEY_EXPIRED'));
      expect(Math.abs(Date.parse(oncekeyErrorData(error)?.serverTime ?? '') - Date.now())).toBeLessThan(5_000);
    }
    expect(await count(database.db, 'effects')).toBe(0);
    expect(await count(database.db, 'oncekey_records')).toBe(0);
  });

  it('is answered from its record for as long as there is one', async () => {
    await using database = await freshDatabase();
    const { add } = appOn(database.db);
    const key = v7({ msecs: Date.now() - 23 * 3_600_000 });
    const answer = await add(key);
    expect(await add(key)).toBe(answer);
  });

  it('is never without both, its record and its refusal: the record outlives the key', async () => {
    await using database = await freshDatabase();
    const { add } = appOn(database.db);
    const ahead = v7({ msecs: Date.now() + 200_000 }); // a client’s clock, a little fast
    await add(ahead);
    const [row] = await database.db.execute<{ outlives: boolean }>(
      sql`select expires_at >= to_timestamp(${Date.now() + 199_000} / 1000.0) + interval '24 hours' as outlives from oncekey_records`,
    );
    expect(row?.outlives).toBe(true);
  });
});
