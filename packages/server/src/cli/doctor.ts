import { readdir } from 'node:fs/promises';
import { type Column, getTableColumns } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { Run } from '../drizzle/statement.ts';
import { oncekeyEvents, oncekeyRecords, oncekeySteps } from '../drizzle/tables.ts';
import { table } from './output.ts';

interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly check: string;
  readonly says: string;
}

const TABLES: readonly PgTable[] = [oncekeyRecords, oncekeySteps, oncekeyEvents];
const CLOCK_TOLERANCE_MS = 5_000;

/** Looks for what is wrong before it goes wrong. */
export async function doctor(
  run: Run,
  retentionMs: number,
): Promise<{ readonly json: object; readonly text: string; readonly isHealthy: boolean }> {
  const findings = await checkSchema(run);
  if (findings.every(({ level }) => level !== 'fail')) {
    findings.push(await checkMigrations(run), ...(await checkRecords(run, retentionMs)));
  }
  findings.push(await checkClock(run), ...(await checkServer(run)));
  return {
    json: { findings },
    text: table(findings.map(({ level, check, says }) => [level, check, says])),
    isHealthy: findings.every(({ level }) => level !== 'fail'),
  };
}

async function checkSchema(run: Run): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const declared of TABLES) {
    const { name, indexes, primaryKeys } = getTableConfig(declared);
    const columns = await columnsOf(run, name);
    if (columns.size === 0) {
      findings.push({
        level: 'fail',
        check: name,
        says: 'there is no such table: call migrate(db), or run your own migrations',
      });
      continue;
    }
    const wanted = Object.values<Column>(getTableColumns(declared)).map((column) => column.name);
    const missing = wanted.filter((column) => !columns.has(column));
    const valid = await validIndexesOf(run, name);
    const lacking = [
      ...indexes.map((index) => index.config.name ?? ''),
      ...primaryKeys.map((key) => key.getName()),
    ].filter((index) => !valid.has(index));
    if (missing.length > 0)
      findings.push({ level: 'fail', check: name, says: `has no column ${missing.join(', ')}: migrate` });
    if (lacking.length > 0) {
      findings.push({
        level: 'fail',
        check: name,
        says: `has no valid index ${lacking.join(', ')}: what is unique is not kept so`,
      });
    }
    if (missing.length === 0 && lacking.length === 0) {
      findings.push({ level: 'ok', check: name, says: 'has its columns and indexes' });
    }
  }
  return findings;
}

async function columnsOf(run: Run, name: string): Promise<ReadonlySet<unknown>> {
  const rows = await run({
    text: 'select attname::text as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped',
    params: [name],
  });
  return new Set(rows.map((row) => row['name']));
}

async function validIndexesOf(run: Run, name: string): Promise<ReadonlySet<unknown>> {
  const rows = await run({
    text: `select relname::text as name from pg_index join pg_class on pg_class.oid = indexrelid
      where indrelid = to_regclass($1) and indisvalid and indisready`,
    params: [name],
  });
  return new Set(rows.map((row) => row['name']));
}

async function checkMigrations(run: Run): Promise<Finding> {
  const check = 'migrations';
  const [there] = await run({ text: `select to_regclass('oncekey_migrations') is not null as there`, params: [] });
  if (there?.['there'] !== true) return { level: 'ok', check, says: 'are the app’s own' };
  const rows = await run({ text: 'select name from oncekey_migrations', params: [] });
  const applied = new Set(rows.map((row) => row['name']));
  const files = (await readdir(new URL('../../migrations/', import.meta.url))).filter((name) => name.endsWith('.sql'));
  const missing = files.filter((name) => !applied.has(name));
  if (missing.length > 0) return { level: 'fail', check, says: `${missing.join(', ')} not applied: call migrate(db)` };
  return { level: 'ok', check, says: `all ${files.length} are applied` };
}

async function checkClock(run: Run): Promise<Finding> {
  const before = Date.now();
  const [row] = await run({ text: 'select (extract(epoch from clock_timestamp()) * 1000)::text as now', params: [] });
  const offMs = Math.round(Number(row?.['now']) - (before + Date.now()) / 2);
  const check = 'clock';
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS)
    return { level: 'ok', check, says: 'the database’s and this machine’s agree' };
  return { level: 'warn', check, says: `the database’s is ${offMs} ms off this machine’s; only the database’s counts` };
}

async function checkServer(run: Run): Promise<Finding[]> {
  const [row] = await run({
    text: `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only,
      current_setting('fsync') = 'off' or current_setting('synchronous_commit') = 'off' as loses`,
    params: [],
  });
  const findings: Finding[] = [];
  if (row?.['read_only'] === true)
    findings.push({ level: 'fail', check: 'writes', says: 'this is a standby, or read-only' });
  if (row?.['loses'] === true) {
    findings.push({
      level: 'warn',
      check: 'durability',
      says: 'fsync or synchronous_commit is off: a crash may lose what was answered',
    });
  } else findings.push({ level: 'ok', check: 'durability', says: 'what is committed survives a crash' });
  return findings;
}

async function checkRecords(run: Run, retentionMs: number): Promise<Finding[]> {
  // The time in a UUIDv7 key is its first 48 bits.
  const [row] = await run({
    text: `select
        count(*) filter (where expires_at <= now() - interval '1 day')::int as overdue,
        count(*) filter (where state = 'running' and lease_expires_at <= now() - interval '1 hour')::int as interrupted,
        count(*) filter (where expires_at > now()
          and key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
          and ('x' || lpad(left(key, 8) || substr(key, 10, 4), 16, '0'))::bit(64)::bigint
            < extract(epoch from now()) * 1000 - $1::double precision)::int as old_keys
      from oncekey_records`,
    params: [retentionMs],
  });
  const count = (name: string) => Number(row?.[name] ?? 0);
  const finding = (name: string, check: string, good: string, bad: string): Finding =>
    count(name) === 0 ? { level: 'ok', check, says: good } : { level: 'warn', check, says: `${count(name)} ${bad}` };
  return [
    finding(
      'overdue',
      'purge',
      'nothing has been expired for over a day',
      'records have been expired for over a day: run oncekey purge',
    ),
    finding(
      'interrupted',
      'leases',
      'none has been over for long',
      'executions were interrupted over an hour ago and nobody has come back for them',
    ),
    finding(
      'old_keys',
      'retention',
      'no live record has a key older than it',
      'live records have keys older than the retention: is it longer elsewhere?',
    ),
  ];
}
