import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOutside } from '@oncekey/demo-outside';
import { createDatabase } from '@oncekey/postgres/testing';
import postgres from 'postgres';
import { inject } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('../src/worker.ts', import.meta.url));

/**
 * A real process of the demo's server on a database of its own, spoken to as curl does; the outside world beside it, and as
 * many workers as a test starts.
 *
 * @param isSupervised whether it is started again when it is killed, as the demo does
 */
export async function startDemoServer({ isSupervised = false } = {}) {
  const database = await createDatabase(inject('postgresUrl'));
  const sql = postgres(database.url, { max: 4, onnotice() {} });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const data = mkdtempSync(join(tmpdir(), 'oncekey-demo-server-'));
  const outside = await startOutside({ data: join(data, 'outside'), port: 0, smtpPort: 0 });
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    PORT: String(port),
    HOST: '127.0.0.1',
    OUTSIDE_PORT: new URL(outside.url).port,
    SMTP_PORT: String(outside.smtpPort),
    DEMO_DATA: data,
  };
  const workers = new Set<ChildProcess>();
  const over = new AbortController();
  let child = await start();
  if (isSupervised) void supervise();

  async function supervise(): Promise<void> {
    for (;;) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (over.signal.aborted) return;
      child = await start();
    }
  }

  const supervised: { isOver: boolean }[] = [];

  async function count(table: string): Promise<number> {
    const [row] = await sql<{ count: number }[]>`select count(*)::int from ${sql(table)}`;
    return row?.count ?? Number.NaN;
  }

  async function start(): Promise<ChildProcess> {
    over.signal.throwIfAborted();
    const started = spawn(process.execPath, [MAIN], {
      env,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    for (let tries = 0; !(await isUp(url)); tries++) {
      if (started.exitCode !== null || tries > 400) throw new Error(`the server did not start (${started.exitCode})`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return started;
  }

  return {
    url,
    sql,
    outside: outside.url,
    /** A worker, which is started again when it is killed, as the demo does. @returns what ends it */
    startWorker() {
      const state = { isOver: false };
      const run = () => {
        const worker = spawn(process.execPath, [WORKER], { env, stdio: ['ignore', 'ignore', 'inherit'] });
        workers.add(worker);
        worker.once('exit', () => {
          workers.delete(worker);
          if (!state.isOver) run();
        });
      };
      run();
      supervised.push(state);
    },
    killWorkers() {
      for (const worker of workers) worker.kill('SIGKILL');
    },
    async kill(signal: NodeJS.Signals) {
      if (child.exitCode !== null || child.signalCode !== null) return; // dead already, and the next is not up yet
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
    async restart() {
      child = await start();
    },
    /** The cookie of someone who has signed in. */
    async signIn(person: 'alice' | 'bob' | 'admin'): Promise<string> {
      const response = await fetch(`${url}/api/trpc/session.signIn`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ json: { person } }),
      });
      await response.text();
      return response.headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}/api/trpc/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    conversations: () => count('conversations'),
    messages: () => count('messages'),
    count,
    async [Symbol.asyncDispose]() {
      over.abort();
      for (const state of supervised) state.isOver = true;
      await Promise.all([...workers].map((worker) => [once(worker, 'exit'), worker.kill('SIGKILL')][0]));
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      await sql.end({ timeout: 1 });
      await database[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export type DemoServer = Awaited<ReturnType<typeof startDemoServer>>;

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
