import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { crashPoints } from '../src/testing/index.ts';
import { type Db, freshDatabase } from './fixture.ts';

async function effectsOf(db: Db, key: string): Promise<string[]> {
  const rows = await db.execute<{ note: string }>(
    sql`select note from effects where note like ${`${key}%`} order by id`,
  );
  return Array.from(rows, ({ note }) => note.slice(key.length + 1).split(' ')[0] ?? '');
}

async function eventsOf(db: Db, key: string): Promise<string[]> {
  const rows = await db.execute<{ kind: string }>(sql`select kind from oncekey_events where key = ${key} order by id`);
  return Array.from(rows, ({ kind }) => kind);
}

it('a transactional request that is killed at any point of its life takes effect once', async () => {
  await using database = await freshDatabase();
  const points: string[] = [];
  for await (const crash of crashPoints(new URL('crash-script-transactional.ts', import.meta.url), {
    args: [database.url],
  })) {
    points.push(crash.point);
    const isCommitted = crash.point.includes('recorded');
    expect(await effectsOf(database.db, crash.key), crash.point).toEqual(isCommitted ? ['first', 'second'] : []);
    const answer = await crash.restart();
    expect(await crash.restart(), crash.point).toBe(answer);
    expect(await effectsOf(database.db, crash.key), crash.point).toEqual(['first', 'second']);
    const events = await eventsOf(database.db, crash.key);
    expect(
      events.filter((kind) => kind === 'succeeded'),
      crash.point,
    ).toHaveLength(1);
  }
  expect(points).toEqual([
    'before the transaction',
    'in the transaction, before the handler',
    'between two writes',
    'in the transaction, after the handler',
    'the transaction is recorded, nobody was told',
  ]);
});

it('a leased request that is killed at any point of its life takes each effect once, and is never stuck (a crash left "in progress" for 24 h)', async () => {
  await using database = await freshDatabase();
  const points: string[] = [];
  for await (const crash of crashPoints(new URL('crash-script-leased.ts', import.meta.url), {
    args: [database.url],
  })) {
    points.push(crash.point);
    const answer = await crash.restart();
    expect(await crash.restart(), crash.point).toEqual(answer);
    expect(await effectsOf(database.db, crash.key), crash.point).toEqual(['paid', 'booked']);
    const events = await eventsOf(database.db, crash.key);
    expect(
      events.filter((kind) => kind === 'succeeded'),
      crash.point,
    ).toHaveLength(1);
  }
  expect(points).toEqual([
    'before the claim',
    'the claim is committed, before the handler',
    'paid, and the answer is on its way',
    'step pay is through, before its end is stored',
    'the end of step pay is stored',
    'before the transaction of step book',
    'in the transaction of step book',
    'the transaction of step book is committed',
    'the handler is through, before its end is stored',
    'its end is stored, nobody was told',
  ]);
});

it('a script that fails says so', async () => {
  const failing = crashPoints(new URL('crash-script-transactional.ts', import.meta.url), {
    args: ['postgres://127.0.0.1:1/none'],
  });
  await expect(failing.next()).resolves.toMatchObject({ value: { point: 'before the transaction' } });
  await expect(failing.next()).rejects.toThrow('the script failed');
});
