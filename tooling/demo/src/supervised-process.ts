import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup } from './running-demo.ts';
import { StartProblem } from './start-problem.ts';

export interface ProcessOptions {
  /** For messages: "The server ended". */
  name: string;
  /** The program. */
  entry: string;
  env: Record<string, string>;
  /** Where GET /healthz answers when it is ready. Without one, it is ready when it has started. */
  healthPort?: number | undefined;
  /** Called with the pid of each process that is started. */
  onStart(pid: number): void;
}

export interface SupervisedProcess extends AsyncDisposable {
  /** Resolves when /healthz answers. */
  ready: Promise<void>;
  /** Rejects when it is given up; never resolves. */
  failed: Promise<never>;
}

/** The lab kills processes on purpose, again and again. One that dies by itself comes back no better each time. */
const RESTARTS_PER_MINUTE = 60;
/** Migrations run before the first answer. */
const READY_MS = 60_000;
/** With PostgreSQL's two seconds after it, everything stops within three. */
const STOP_MS = 700;

/** Runs a program of the demo's and starts it again whenever it ends, until it is disposed of. */
export function runProcess(options: ProcessOptions): SupervisedProcess {
  const given = Promise.withResolvers<never>();
  // Whoever stops before it fails does not look at it.
  given.promise.catch(() => {});
  const stopping = new AbortController();
  const starts: number[] = [];
  let child = start();
  let wasReady = false;

  function start(): ChildProcess {
    starts.push(performance.now());
    const started = spawn(process.execPath, [options.entry], {
      env: { ...process.env, ...options.env },
      // A group of its own: Ctrl-C reaches us alone, and then it is not mistaken for a crash.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (started.pid !== undefined) options.onStart(started.pid);
    started.once('exit', (code, signal) => void ended(started.pid, code ?? signal));
    started.once('error', (error) => given.reject(error));
    return started;
  }

  async function ended(pid: number | undefined, how: number | string | null): Promise<void> {
    // A worker process of its own must not live on and work against the next.
    if (pid !== undefined) killGroup(pid);
    if (stopping.signal.aborted) return;
    if (!wasReady) return given.reject(new StartProblem(`The ${options.name} ended (${how}) before it was ready.`));
    const now = performance.now();
    const recent = starts.filter((at) => now - at < 60_000);
    starts.splice(0, starts.length, ...recent);
    if (recent.length >= RESTARTS_PER_MINUTE) {
      return given.reject(
        new StartProblem(`The ${options.name} ended ${recent.length} times within a minute, last with ${how}.`),
      );
    }
    // One that falls over at once is not spun.
    if (now - (recent.at(-1) ?? 0) < 1000) await sleep(200);
    if (!stopping.signal.aborted) child = start();
  }

  async function untilHealthy(): Promise<void> {
    const until = performance.now() + READY_MS;
    while (options.healthPort !== undefined && !(await isHealthy(options.healthPort))) {
      stopping.signal.throwIfAborted();
      if (performance.now() > until)
        throw new StartProblem(`The ${options.name} was not ready within ${READY_MS / 1000} s.`);
      await sleep(50);
    }
    wasReady = true;
  }

  const ready = Promise.race([untilHealthy(), given.promise]);
  ready.catch(() => {});
  return {
    ready,
    failed: given.promise,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await stop(child);
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
