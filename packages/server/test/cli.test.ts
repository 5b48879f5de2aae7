import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { v7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { createApp, type Db, freshDatabase } from './fixture.ts';

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function oncekey(args: readonly string[], url?: string): Promise<Output> {
  const { DATABASE_URL: _, ...env } = process.env;
  return new Promise((resolve) => {
    const options = { env: { ...env, ...(url !== undefined && { DATABASE_URL: url }) } };
    execFile(process.execPath, [main, ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

/** Two answers, one execution that was interrupted after a step, one abandoned key. */
async function fill(db: Db) {
  const app = createApp(db, { store: drizzleStore(db, { events: 'all' }) });
  const work = (key: string, fails = false) =>
    app.idempotency
      .execute({ mode: 'leased', operation: 'mail', scope: 'alice', key }, async ({ step }) => {
        await step('send', () => 'secret-result');
        if (fails) throw new Error('died');
        return 'secret-result';
      })
      .catch(() => {});
  await work('k-1');
  await work('k-2');
  await work('k-3', true);
  await drizzleStore(db).abandon({ scope: 'alice', key: 'k-4' }, { retentionMs: 60_000 });
}

describe('oncekey', () => {
  it('says how it is used', async () => {
    expect(await oncekey(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('oncekey purge') });
    for (const args of [['unknown'], ['show'], ['stats', 'more'], ['--nonsense'], ['purge', '--batch', 'x']]) {
      const url = 'postgres://secret-password@127.0.0.1:1/none';
      expect(await oncekey(args, url), args.join(' ')).toMatchObject({ code: 2, out: '' });
    }
    expect(await oncekey(['stats'])).toMatchObject({ code: 2, err: expect.stringContaining('DATABASE_URL') });
  });

  it('says that a database is away, or has no tables, and never its password', async () => {
    const away = await oncekey(['stats', '--database-url', 'postgres://me:secret@127.0.0.1:1/none']);
    expect(away).toMatchObject({ code: 1, err: 'oncekey: the database cannot be reached\n' });
    await using database = await freshDatabase();
    await database.db.execute(sql`drop table oncekey_records, oncekey_steps, oncekey_events`);
    expect(await oncekey(['stats'], database.url)).toMatchObject({
      code: 1,
      err: expect.stringContaining('migrate(db)'),
    });
    expect(await oncekey(['doctor'], database.url)).toMatchObject({ code: 1, out: expect.stringContaining('fail') });
  });

  it('stats counts', async () => {
    await using database = await freshDatabase();
    await fill(database.db);
    const { out, code } = await oncekey(['stats', '--json'], database.url);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      records: 4,
      succeeded: 2,
      interrupted: 1,
      abandoned: 1,
      running: 0,
      steps: 3,
    });
    expect((await oncekey(['stats'], database.url)).out).toMatch(/^succeeded +2$/m);
  });

  it('show tells the life of a key, and nothing of what was asked or answered', async () => {
    await using database = await freshDatabase();
    await fill(database.db);
    const { out } = await oncekey(['show', 'k-3'], database.url);
    expect(out).toMatch(/^state +interrupted$/m);
    expect(out).toMatch(/send +attempt 1/);
    expect(out).toMatch(/claimed[\s\S]+released/);
    const all = `${out}${(await oncekey(['show', 'k-1', '--json'], database.url)).out}`;
    expect(all).not.toContain('secret-result');
    expect(await oncekey(['show', 'k-1', '--scope', 'bob'], database.url)).toMatchObject({ code: 1 });
    expect(await oncekey(['show', 'none'], database.url)).toMatchObject({ code: 1, out: '' });
  });

  it('purge goes in batches and says how far it is', async () => {
    await using database = await freshDatabase();
    await fill(database.db);
    await database.db.execute(sql`update oncekey_records set expires_at = now()`);
    const some = await oncekey(['purge', '--batch', '1', '--max-batches', '2'], database.url);
    expect(some).toMatchObject({ code: 0, out: 'deleted 2 records and 0 events; there is more\n' });
    expect(some.err).toBe('batch 1: 1 records, 0 events\nbatch 2: 2 records, 0 events\n');
    const rest = await oncekey(['purge', '--json', '--keep-events', '0ms'], database.url);
    expect(JSON.parse(rest.out)).toMatchObject({ records: 2, isDone: true });
  });

  it('doctor finds what is wrong', async () => {
    await using database = await freshDatabase();
    const well = await oncekey(['doctor'], database.url);
    expect(well.code).toBe(0);
    expect(well.out).not.toMatch(/^fail/m);
    await database.db.execute(sql`insert into oncekey_records (scope, key, operation, fingerprint, execution_id, expires_at)
      values ('a', ${v7({ msecs: Date.now() - 48 * 3_600_000 })}, 'x', '', gen_random_uuid(), now() + interval '1 hour'),
        ('a', 'k', 'x', '', gen_random_uuid(), now() - interval '2 days')`);
    await database.db.execute(sql`drop index oncekey_records_dedupe_idx`);
    const ill = await oncekey(['doctor'], database.url);
    expect(ill).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^fail +oncekey_records +has no valid index oncekey_records_dedupe_idx/m),
    });
    await database.db.execute(
      sql`create unique index oncekey_records_dedupe_idx on oncekey_records (scope, operation, dedupe_key) where dedupe_key is not null`,
    );
    await database.db.execute(sql`delete from oncekey_migrations where name like '0001%'`);
    const behind = await oncekey(['doctor', '--json'], database.url);
    expect(behind.code).toBe(1);
    const levels = Object.fromEntries(
      (JSON.parse(behind.out) as { findings: { check: string; level: string }[] }).findings.map(({ check, level }) => [
        check,
        level,
      ]),
    );
    expect(levels).toMatchObject({
      migrations: 'fail',
      purge: 'warn',
      retention: 'warn',
      oncekey_records: 'ok',
      clock: 'ok',
    });
  });
});
