import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { isAlive } from './process-alive.ts';

/** A running server over our data that an earlier process left behind. */
export interface Leftover {
  pid: number;
  port: number;
  durable: boolean;
}

/** How long a server that was just starting, recovering or stopping may take until it answers or is gone. */
const SETTLE_MS = 20_000;

/**
 * The server that still runs over the data in `dir`, if its launcher was killed before it could stop it.
 *
 * postmaster.pid alone proves nothing: its process may be dead and its pid (and even its port) another's by now. So the
 * server itself is asked which data it serves. A file that turns out stale is removed, since PostgreSQL refuses to start
 * when the pid in it is alive, whoever that is.
 */
export async function findLeftover(dir: string): Promise<Leftover | undefined> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const recorded = readPidFile(dir);
    if (!recorded) return undefined;
    if (!isAlive(recorded.pid) || !mayBePostgres(recorded.pid, dir)) {
      rmSync(join(dir, 'postmaster.pid'), { force: true });
      return undefined;
    }
    const answer = await ask(recorded.port);
    if (answer && realpathSync(answer.dataDirectory) === realpathSync(dir))
      return { ...recorded, durable: answer.durable };
    if (performance.now() > until) {
      throw new Error(`A PostgreSQL (pid ${recorded.pid}) holds ${dir} and does not answer: stop it.`);
    }
    await sleep(50);
  }
}

function readPidFile(dir: string): { pid: number; port: number } | undefined {
  const file = join(dir, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n').map(Number);
  return { pid: pid ?? Number.NaN, port: port ?? Number.NaN };
}

/** A server moves into its data folder. Where the system does not tell that, its name has to do. */
function mayBePostgres(pid: number, dir: string): boolean {
  if (process.platform === 'win32') return true;
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes('postgres');
  }
  try {
    return realpathSync(`/proc/${pid}/cwd`) === realpathSync(dir);
  } catch {
    return false;
  }
}

async function ask(port: number): Promise<{ dataDirectory: string; durable: boolean } | undefined> {
  if (!(port > 0)) return undefined;
  const sql = postgres({
    host: '127.0.0.1',
    port,
    username: 'postgres',
    database: 'postgres',
    max: 1,
    connect_timeout: 2,
  });
  try {
    const [row] = await sql<{ dataDirectory: string; durable: boolean }[]>`
      select current_setting('data_directory') as "dataDirectory", current_setting('fsync')::boolean as durable`;
    return row;
  } catch {
    return undefined;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
