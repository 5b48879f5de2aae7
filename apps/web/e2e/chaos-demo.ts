import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';

const DEMO = fileURLToPath(new URL('./demo-in.ts', import.meta.url));
const PROCESSES = ['server', 'worker', 'outside world', 'PostgreSQL'] as const;
export type DemoProcess = (typeof PROCESSES)[number];

/** The demo itself, with every process of its own that it has, each of which can be killed. */
export async function startWholeDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'oncekey-chaos-'));
  chmodSync(folder, 0o755); // PostgreSQL may run as another user
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { DATABASE_URL: _, ...environment } = process.env;
  const demo = spawn(process.execPath, [DEMO, folder], {
    detached: true,
    env: { ...environment, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const isUp = () => fetch(`${url}/healthz`).then(({ ok }) => ok, isFalse);
  for (let tries = 0; !(await isUp()); tries++) {
    if (demo.exitCode !== null || tries > 1_200) throw new Error(`the demo did not start (${demo.exitCode})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const database = postmaster(folder);
  const sql = postgres(`postgres://postgres@127.0.0.1:${database.port}/postgres`, { max: 2, onnotice() {} });

  return {
    url,
    sql,
    isUp,
    isRunning: () => demo.exitCode === null && demo.signalCode === null,
    /** What the services outside have in their books, an entry a line. */
    journal: <T>(name: 'ledger' | 'mailbox'): T[] =>
      readFileSync(join(folder, 'outside', `${name}.jsonl`), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    /** @returns whether it was alive */
    kill(name: DemoProcess): boolean {
      const pid = name === 'PostgreSQL' ? postmaster(folder).pid : companion(folder, name);
      try {
        return pid !== undefined && process.kill(pid, 'SIGKILL');
      } catch {
        return false; // dead already, and the next is not up yet
      }
    },
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 1 });
      await stop(demo);
      rmSync(realpathSync(join(folder, 'postgres')), { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** All of them again and again, each time in another order. */
export function* victims(): Generator<DemoProcess, never> {
  for (;;) yield* [...PROCESSES].sort(() => Math.random() - 0.5);
}

function postmaster(folder: string): { pid: number | undefined; port: number | undefined } {
  try {
    const [pid, , , port] = readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n').map(Number);
    return { pid, port };
  } catch {
    return { pid: undefined, port: undefined }; // between two lives
  }
}

function companion(folder: string, name: string): number | undefined {
  const { processes }: { processes: { name: string; pid: number }[] } = JSON.parse(
    readFileSync(join(folder, 'demo.json'), 'utf8'),
  );
  return processes.findLast((each) => each.name === name)?.pid;
}

async function stop(demo: ChildProcess): Promise<void> {
  if (demo.exitCode !== null || demo.signalCode !== null) return;
  const exited = once(demo, 'exit');
  demo.kill('SIGTERM');
  await exited;
}

const isFalse = () => false;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
