import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '@oncekey/postgres/testing';
import postgres from 'postgres';
import { inject } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** A real process of the demo's server on a database of its own, spoken to as curl does. */
export async function startDemoServer() {
  const database = await createDatabase(inject('postgresUrl'));
  const sql = postgres(database.url, { max: 4, onnotice() {} });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child = await start();

  async function start(): Promise<ChildProcess> {
    const started = spawn(process.execPath, [MAIN], {
      env: { ...process.env, DATABASE_URL: database.url, PORT: String(port), HOST: '127.0.0.1' },
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
    async kill(signal: NodeJS.Signals) {
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
    async conversations(): Promise<number> {
      const [row] = await sql<{ count: number }[]>`select count(*)::int from conversations`;
      return row?.count ?? Number.NaN;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      await sql.end({ timeout: 1 });
      await database[Symbol.asyncDispose]();
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
