import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import connect from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBinaries } from '../src/binaries.ts';
import { initialise } from '../src/data-directory.ts';
import { type Postgres, startPostgres } from '../src/index.ts';
import { isAlive, isGoneWithin } from '../src/process-alive.ts';

const launchingProcess = fileURLToPath(new URL('./launching-process.ts', import.meta.url));
let folder: string;
let dir: string;
const running: Postgres[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oncekey-launcher-test-'));
  chmodSync(folder, 0o755);
  dir = join(folder, 'data');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
  // A link where root may not keep data in the folder itself.
  if (existsSync(dir)) rmSync(realpathSync(dir), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startPostgres>[0] = { dir }): Promise<Postgres> {
  const postgres = await startPostgres(options);
  running.push(postgres);
  return postgres;
}

async function query(url: string, statement: string): Promise<unknown> {
  const sql = connect(url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql.unsafe(statement);
    return row && Object.values(row)[0];
  } finally {
    await sql.end();
  }
}

async function launchElsewhere(...args: string[]): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const child = spawn(process.execPath, [launchingProcess, dir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line]: unknown[] = await once(child.stdout, 'data');
  return { child, ...JSON.parse(String(line)) };
}

test('a temporary server takes connections, has the settings given, and leaves nothing behind', async () => {
  const postgres = await start({ settings: { max_connections: 37 } });
  expect(await query(postgres.url, 'show max_connections')).toBe('37');
  expect(await query(postgres.url, 'show fsync')).toBe('off');
  expect(await query(postgres.url, 'select datlocprovider from pg_database limit 1')).toBe('b');
  const data = String(await query(postgres.url, 'show data_directory'));
  await postgres.stop();
  expect(isAlive(postgres.pid)).toBe(false);
  expect(existsSync(data)).toBe(false);
});

test('data in a folder outlives a stop, and a stop does not wait for clients', async () => {
  const first = await start({ dir, durable: true });
  expect(await query(first.url, 'show fsync')).toBe('on');
  await query(first.url, 'create table kept as select 42 as answer');
  const idle = connect(first.url, { max: 1 });
  await idle`select 1`;
  const before = performance.now();
  await Promise.all([first.stop(), first.stop()]);
  expect(performance.now() - before).toBeLessThan(2500);
  await idle.end({ timeout: 0 });

  const second = await start();
  expect(await query(second.url, 'select answer from kept')).toBe(42);
});

test('a server whose launcher was killed is adopted with its data, and stopped', async () => {
  const left = await launchElsewhere();
  await query(left.url, 'create table kept as select 42 as answer');
  left.child.kill('SIGKILL');
  await once(left.child, 'exit');
  expect(isAlive(left.pid)).toBe(true);

  const adopted = await start({ dir, durable: true });
  expect(adopted.pid).toBe(left.pid);
  expect(await query(adopted.url, 'select answer from kept')).toBe(42);
  await adopted.stop();
  expect(isAlive(left.pid)).toBe(false);
});

test('a server that may lose commits is replaced where durability is asked for', async () => {
  const careless = await start();
  const durable = await start({ dir, durable: true });
  expect(durable.pid).not.toBe(careless.pid);
  expect(await query(durable.url, 'show fsync')).toBe('on');
});

test('a launcher that ends without stopping takes the server along', async () => {
  const left = await launchElsewhere('and-exit');
  expect(await isGoneWithin(left.pid, 5000)).toBe(true);
});

test('after a crash of the server the next start recovers', async () => {
  const first = await start({ dir, durable: true });
  await query(first.url, 'create table kept as select 42 as answer');
  process.kill(first.pid, 'SIGKILL');
  const second = await start({ dir, durable: true });
  expect(second.pid).not.toBe(first.pid);
  expect(await query(second.url, 'select answer from kept')).toBe(42);
});

test('a server that is killed is told of, and started again on its port; one that is stopped is not', async () => {
  const left = await launchElsewhere();
  left.child.kill('SIGKILL');
  for (const launch of [
    { dir, durable: true },
    { dir, durable: true, port: Number(new URL(left.url).port) },
  ]) {
    const postgres = await start(launch); // first the adopted one, then a child of ours
    expect(postgres.url).toBe(left.url);
    process.kill(postgres.pid, 'SIGKILL');
    await postgres.gone;
  }
  const last = await start({ dir, durable: true });
  let isTold = false;
  void last.gone.then(() => (isTold = true));
  await last.stop();
  expect(isTold).toBe(false);
});

test.each([
  ['a dead process', 2 ** 22 + 1],
  ['an unrelated living process', process.pid],
])('a pid file that names %s does not hinder a start', async (_, pid) => {
  const first = await start();
  const file = join(String(await query(first.url, 'show data_directory')), 'postmaster.pid');
  const lines = readFileSync(file, 'utf8').split('\n');
  await first.stop();
  writeFileSync(file, [String(pid), ...lines.slice(1)].join('\n'), { mode: 0o600 });

  const second = await start();
  expect(await query(second.url, 'select 1')).toBe(1);
});

test('below a folder that is closed to others the data survives, wherever it has to live', async () => {
  chmodSync(folder, 0o700);
  const first = await start();
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const second = await start();
  expect(await query(second.url, 'select answer from kept')).toBe(42);
  expect(readdirSync(folder)).toEqual(['data']);
});

test('what a killed initdb left is not taken for data, and goes', async () => {
  const half = `${dir}.initdb-${2 ** 22 + 1}-abc`;
  mkdirSync(half);
  writeFileSync(join(half, 'PG_VERSION'), '18\n');
  const postgres = await start();
  expect(await query(postgres.url, 'select 1')).toBe(1);
  expect(readdirSync(folder)).toEqual(['data']);
});

test('a start can be given up', async () => {
  await expect(startPostgres({ dir, signal: AbortSignal.timeout(60) })).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
});

test('an initdb that writes on after it was told to go leaves nothing either', async () => {
  const initdb = join(folder, 'initdb');
  const writesOn = `trap 'sleep 0.3; mkdir -p "$2/late"; exit 1' TERM; while :; do sleep 0.02; done`;
  writeFileSync(initdb, `#!/bin/sh\n${writesOn}\n`, { mode: 0o755 });
  const { postgres } = await findBinaries();
  const given = initialise(dir, { postgres, initdb }, {}, { durable: false, signal: AbortSignal.timeout(100) });
  await expect(given).rejects.toThrow(/aborted/);
  await new Promise((ok) => setTimeout(ok, 500));
  expect(readdirSync(folder)).toEqual(['initdb']);
});
