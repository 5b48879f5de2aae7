import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@oncekey/postgres';
import connect from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lookUp } from '../src/process-table.ts';

const demo = join(import.meta.dirname, 'demo-with-stand-in.ts');

let folder: string;
let data: string;
let port: number;
const started: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oncekey-demo-test-'));
  chmodSync(folder, 0o755);
  data = join(folder, '.data');
  port = await freePort();
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  const database = join(data, 'postgres');
  if (existsSync(database)) rmSync(realpathSync(database), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output: () => string;
}

function run(environment: NodeJS.ProcessEnv = {}, program = process.execPath, args = [demo, data]): Run {
  const { DATABASE_URL: _, ...rest } = process.env;
  const child = spawn(program, args, {
    // A process group like the one a terminal makes for a command line.
    detached: true,
    env: { ...rest, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part) => {
      output += part;
    });
  }
  return { child, output: () => output };
}

async function ended({ child }: Run): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return child.exitCode;
}

async function ready({ output, child }: Run): Promise<void> {
  await expect.poll(() => child.exitCode ?? output(), { timeout: 30_000 }).toMatch(/oncekey demo: /);
}

async function server(): Promise<{ pid: number; host: string; databaseUrl: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return JSON.parse(await response.text());
}

/** Every process of a running demo: itself, its server, its database. */
async function everyone(): Promise<{ self: number; all: number[] }> {
  const self: number = JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8')).pid;
  const database = Number.parseInt(readFileSync(join(data, 'postgres/postmaster.pid'), 'utf8'), 10);
  return { self, all: [self, (await server()).pid, database] };
}

const alive = (pids: number[]) => pids.filter((pid) => lookUp(pid));

function freePort(): Promise<number> {
  return new Promise((ok) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => ok(address && typeof address === 'object' ? address.port : 0));
    });
  });
}

test('it prints one line when it is ready, and gives the server what it needs', async () => {
  const running = run();
  await ready(running);
  expect(running.output()).toBe(`oncekey demo: http://localhost:${port}  (Ctrl-C stops it)\n`);
  const { host, databaseUrl } = await server();
  expect(host).toBe('127.0.0.1');
  expect(databaseUrl).toMatch(/^postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/);
});

describe('stopping', () => {
  test.each([
    ['SIGINT to the group, as Ctrl-C sends it', 'SIGINT', true],
    ['SIGINT to the process alone', 'SIGINT', false],
    ['SIGTERM', 'SIGTERM', false],
    ['SIGHUP to the group, as a closing terminal sends it', 'SIGHUP', true],
  ] as const)('%s ends everything within three seconds', async (_, signal, toGroup) => {
    const running = run();
    await ready(running);
    const { self, all } = await everyone();
    expect(alive(all)).toEqual(all);
    const before = performance.now();
    process.kill(toGroup ? -self : self, signal);
    expect(await ended(running)).toBe(0);
    expect(performance.now() - before).toBeLessThan(3000);
    expect(alive(all)).toEqual([]);
    expect(existsSync(join(data, 'demo.json'))).toBe(false);
  });

  test('a second Ctrl-C during the stop is harmless', async () => {
    const running = run();
    await ready(running);
    const { self, all } = await everyone();
    for (const delay of [0, 50, 300]) setTimeout(() => lookUp(self) && process.kill(-self, 'SIGINT'), delay);
    expect(await ended(running)).toBe(0);
    expect(alive(all)).toEqual([]);
  });

  test('before it is ready it stops too', async () => {
    const running = run();
    await expect.poll(() => existsSync(join(data, 'demo.json'))).toBe(true);
    running.child.kill('SIGINT');
    expect(await ended(running)).toBe(0);
    expect(running.output()).toBe('');
    expect(existsSync(join(data, 'postgres/postmaster.pid'))).toBe(false);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('%s to the package runner above alone ends everything', async (signal) => {
    // As npx does: it runs a shell that runs us.
    const npx = join(folder, 'npx');
    writeFileSync(npx, `#!/bin/sh\nsh -c "true && '${process.execPath}' '${demo}' '${data}'; true"\ntrue\n`, {
      mode: 0o755,
    });
    const running = run({}, npx, []);
    await ready(running);
    const { all } = await everyone();
    running.child.kill(signal);
    await expect.poll(() => alive(all), { timeout: 3000 }).toEqual([]);
  });
});

test('a server that dies is started again', async () => {
  const running = run();
  await ready(running);
  const first = (await server()).pid;
  await fetch(`http://127.0.0.1:${port}/die`).catch(() => {});
  await expect
    .poll(
      () =>
        server().then(
          ({ pid }) => pid,
          () => first,
        ),
      { timeout: 10_000 },
    )
    .not.toBe(first);
  expect(running.output().trim().split('\n')).toHaveLength(1);
});

test('a database that dies is started again, where it was', async () => {
  const running = run();
  await ready(running);
  const { all } = await everyone();
  const { databaseUrl } = await server();
  process.kill(all[2] ?? 0, 'SIGKILL');
  const sql = connect(databaseUrl, { max: 1, connect_timeout: 1, onnotice() {} });
  const answer = () => sql`select 1`.then(({ count }) => count, String);
  await expect.poll(answer, { timeout: 20_000 }).toBe(1);
  await sql.end();
  const again = await everyone();
  expect(again.all[2]).not.toBe(all[2]);
  expect(running.child.exitCode).toBeNull();
});

test('a demo that was killed leaves nothing in the way of the next', async () => {
  const killed = run();
  await ready(killed);
  const { all } = await everyone();
  killed.child.kill('SIGKILL');
  // Not `ended`: its output stays open as long as the server that it leaves behind.
  await once(killed.child, 'exit');
  expect(alive(all)).toHaveLength(2);

  const next = run();
  await ready(next);
  next.child.kill('SIGINT');
  expect(await ended(next)).toBe(0);
  expect(alive(all)).toEqual([]);
});

describe('it does not start, and says why in one sentence', () => {
  test('when the port is in use', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const refused = run();
    expect(await ended(refused)).toBe(1);
    expect(refused.output()).toBe(
      `Port ${port} is in use by another program: stop that one, or choose a port with \`PORT=${port + 1} npx -y pnpm@12.21.0 demo\`.\n`,
    );
    other.close();
  });

  test('when PORT is no port', async () => {
    const refused = run({ PORT: 'three' });
    expect(await ended(refused)).toBe(1);
    expect(refused.output()).toBe('PORT must be a number from 1 to 65535, not "three".\n');
  });

  test('when a demo of this folder runs, whatever the port', async () => {
    const running = run();
    await ready(running);
    const second = run({ PORT: String(await freePort()) });
    expect(await ended(second)).toBe(1);
    expect(second.output()).toMatch(`The demo of this folder already runs at http://localhost:${port} `);
    expect((await server()).pid).toBeGreaterThan(0);
  });

  test('when the server ends before it is ready', async () => {
    const refused = run({ STAND_IN_FAILS: '1' });
    expect(await ended(refused)).toBe(1);
    expect(refused.output()).toBe('The server ended (3) before it was ready.\n');
  });

  test.each([
    ['nonsense with hunter2 in it', /^DATABASE_URL is not a PostgreSQL URL: .*\n$/],
    [
      'postgres://app:hunter2@127.0.0.1:1/app',
      /^The database of DATABASE_URL \(127\.0\.0\.1:1\/app\) .*ECONNREFUSED.*\n$/,
    ],
  ])('when DATABASE_URL is %j, without telling its password', async (url, sentence) => {
    const refused = run({ DATABASE_URL: url });
    expect(await ended(refused)).toBe(1);
    expect(refused.output()).toMatch(sentence);
    expect(refused.output()).not.toContain('hunter2');
  });
});

test('a database that is given is used, and left running', async () => {
  const database = await startPostgres();
  try {
    const running = run({ DATABASE_URL: database.url });
    await ready(running);
    expect((await server()).databaseUrl).toBe(database.url);
    expect(existsSync(join(data, 'postgres'))).toBe(false);
    running.child.kill('SIGINT');
    expect(await ended(running)).toBe(0);
    expect(alive([database.pid])).toEqual([database.pid]);
  } finally {
    await database.stop();
  }
});
