/** Handlers that start while the claim is on its way: sooner, and nothing of them is left where the claim is refused. */
import { createKey, isOncekeyError } from '@oncekey/core';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { connect, count, createApp, type Db, freshDatabase, gate, insertEffect, until } from './fixture.ts';

type Run = (db: Db, note: string) => Promise<unknown>;

function createProcess(db: Db, run: Run = insertEffect, options: { speculative?: boolean; whenBusy?: 'reject' } = {}) {
  const { idempotency } = createApp(db);
  const { speculative = true, whenBusy = 'wait' } = options;
  return (key: string, note = 'hello') =>
    idempotency.execute(
      { mode: 'transactional', operation: 'add', scope: 'alice', key, input: { note }, speculative, whenBusy },
      ({ db: tx }) => run(tx as unknown as Db, note),
    );
}

describe('a speculative handler', () => {
  it.each([true, false])('starts before the claim is answered exactly if it says so: %s', async (speculative) => {
    await using database = await freshDatabase();
    await using blocker = connect(database.url, 1);
    const started = gate();
    let hasStarted = false;
    const add = createProcess(
      database.db,
      (db, note) => {
        hasStarted = true;
        started.open();
        return insertEffect(db, note);
      },
      { speculative },
    );
    const block = gate();
    const blocking = blocker.db.transaction(async (tx) => {
      await tx.execute(sql`lock table oncekey_records in access exclusive mode`);
      await block.opened;
    });
    await until(async () => {
      const [row] = await database.db.execute(sql`select 1 from pg_locks where mode = 'AccessExclusiveLock' and granted
        and relation = 'oncekey_records'::regclass`);
      return row !== undefined;
    });
    const answer = add(createKey());
    await until(async () => {
      const [row] = await database.db.execute(sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
      return row !== undefined; // the look-up waits
    });
    expect(hasStarted).toBe(speculative);
    block.open();
    await blocking;
    expect(await answer).toMatchObject({ replayed: false, data: 1 });
    await started.opened;
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('leaves nothing behind for a replay, however often it comes, in whichever process', async () => {
    await using database = await freshDatabase();
    await using other = connect(database.url);
    let runs = 0;
    const run: Run = (db, note) => {
      runs++;
      return insertEffect(db, note);
    };
    const [here, there] = [createProcess(database.db, run), createProcess(other.db, run)];
    const first = await here('k');
    for (let i = 0; i < 5; i++) {
      expect((await here('k')).data).toBe(first.data);
      expect(await there('k')).toMatchObject({ data: first.data, replayed: true, executionId: first.executionId });
    }
    expect(runs).toBeGreaterThan(1); // it did start, and nothing of it is there
    expect(await count(database.db, 'effects')).toBe(1);
    expect(await count(database.db, 'oncekey_records')).toBe(1);
  });

  it('leaves nothing behind for a busy key, and does not wait in line behind what the first has written', async () => {
    await using database = await freshDatabase();
    await using other = connect(database.url, 1);
    const written = gate();
    const finish = gate();
    const claim: Run = async (db, seat) => {
      await db.execute(sql`insert into claims (name) values (${seat})`); // the app's own unique key
      if (seat !== 'seat 1') return seat;
      written.open();
      await finish.opened;
      return 'yours';
    };
    const there = createProcess(other.db, claim, { whenBusy: 'reject' });
    // What comes again and again is prepared, and goes out in one flight with the claim.
    for (let i = 2; i < 12; i++) await there(`k${i}`, `seat ${i}`);
    const first = createProcess(database.db, claim)('k', 'seat 1');
    await written.opened;
    const refused = there('k', 'seat 1');
    await expect(refused).rejects.toSatisfy((error) => isOncekeyError(error, 'IN_PROGRESS'));
    const waiting = await database.db.execute(sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    expect(waiting).toHaveLength(0);
    finish.open();
    expect((await first).data).toBe('yours');
    expect((await there('k', 'seat 1')).data).toBe('yours');
    expect(await count(database.db, 'claims')).toBe(11);
  });

  it('that fails leaves nothing, not even its key', async () => {
    await using database = await freshDatabase();
    let fails = true;
    const add = createProcess(database.db, async (db, note) => {
      const id = await insertEffect(db, note);
      if (fails) throw new Error('no');
      return id;
    });
    await expect(add('k')).rejects.toThrow('no');
    expect(await count(database.db, 'effects')).toBe(0);
    fails = false;
    expect(await add('k')).toMatchObject({ replayed: false });
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('is refused as any other: another input, an expired key', async () => {
    await using database = await freshDatabase();
    const add = createProcess(database.db);
    await add('k', 'one');
    await expect(add('k', 'two')).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_REUSED'));
    const old = createKey(Date.now() - 3 * 86_400_000);
    await expect(add(old)).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_EXPIRED'));
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('has one effect a key under fifty at once in two processes', async () => {
    await using database = await freshDatabase();
    await using other = connect(database.url);
    const [here, there] = [createProcess(database.db), createProcess(other.db)];
    for (let round = 1; round <= 10; round++) {
      const key = createKey();
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? here(key) : there(key))));
      expect(new Set(answers.map(({ data }) => data)).size).toBe(1);
      expect(await count(database.db, 'effects')).toBe(round);
    }
  });
});
