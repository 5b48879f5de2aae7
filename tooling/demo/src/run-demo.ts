import { once } from 'node:events';
import { join } from 'node:path';
import { watchCallers } from './callers.ts';
import { openDatabase } from './database.ts';
import { freePort, readPort, refuseOccupiedPort } from './port.ts';
import { claimFolder } from './running-demo.ts';
import { StartProblem } from './start-problem.ts';
import { runProcess } from './supervised-process.ts';

export interface DemoOptions {
  /** The folder for the database's data and for the note of who runs. */
  data: string;
  /** The program that serves the demo: it migrates by itself and answers GET /healthz when it is ready. */
  serverEntry: string;
  /** Programs beside it, by name. They find each other through the environment, as the server finds them. */
  companions?: Readonly<Record<string, string>>;
  /** What has to be there before the server starts, done while PostgreSQL starts. */
  prepare(signal: AbortSignal): Promise<void>;
}

/**
 * Runs the demo until it is told to stop: by SIGINT, SIGTERM, SIGHUP, or by the end of whoever started it.
 *
 * @returns the exit code: 0 after a stop, 1 when it could not start or go on
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const stop = new AbortController();
  const requestStop = () => stop.abort();
  // They stay in place: a second Ctrl-C during the stop changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requestStop);
  // The terminal may be gone before us: a line nobody reads is no reason to leave the server running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const unwatch = watchCallers(requestStop);
  try {
    await serve(options, stop.signal);
    return 0;
  } catch (error) {
    // What fails because we are stopping is no news.
    if (stop.signal.aborted) return 0;
    console.error(error instanceof StartProblem ? error.message : error);
    return 1;
  } finally {
    unwatch();
  }
}

async function serve({ data, serverEntry, companions = {}, prepare }: DemoOptions, signal: AbortSignal): Promise<void> {
  const port = readPort(process.env['PORT']);
  // Disposed of in reverse: the server before its database.
  await using running = new AsyncDisposableStack();
  // Before the port: "already runs here" tells more than "the port is in use".
  const demo = claimFolder(data, port);
  running.defer(() => demo.release());
  await refuseOccupiedPort(port);

  const failed = new AbortController();
  const giveUp = AbortSignal.any([signal, failed.signal]);
  const given = process.env['DATABASE_URL'];
  const opening = openDatabase(given, join(data, 'postgres'), giveUp).then((database) => running.use(database));
  const preparing = prepare(giveUp);
  const database = await Promise.all([opening, preparing])
    .then(([opened]) => opened)
    .catch(async (error: unknown) => {
      failed.abort();
      // Only what has been opened can be closed.
      await Promise.allSettled([opening, preparing]);
      throw error;
    });
  signal.throwIfAborted();

  const env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: database.url,
    OUTSIDE_PORT: String(await freePort()),
    SMTP_PORT: String(await freePort()),
    DEMO_DATA: data,
  };
  const run = (name: string, entry: string, healthPort?: number) =>
    runProcess({ name, entry, env, healthPort, onStart: (pid) => demo.record(name, pid) });
  const server = run('server', serverEntry, port);
  const beside = Object.entries(companions).map(([name, entry]) => run(name, entry));
  // All at once: one after the other would take longer than a stop may.
  running.defer(() => Promise.all([server, ...beside].map((each) => each[Symbol.asyncDispose]())).then(() => {}));
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  const failures = [database, server, ...beside].map((each) => each.failed);
  await Promise.race([server.ready, ...failures, stopped]);
  if (signal.aborted) return;
  console.log(`oncekey demo: http://localhost:${port}  (Ctrl-C stops it)`);
  await Promise.race([...failures, stopped]);
}
