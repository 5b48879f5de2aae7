import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createKey } from '@oncekey/core';
import type { Store } from '../store.ts';
import { crashableStore } from './crashable-store.ts';

const AT = 'ONCEKEY_CRASH_AT';
const KEY = 'ONCEKEY_CRASH_KEY';
const MARK = '~oncekey.crash ';

/** What a script of {@link underCrash} works with. */
export interface CrashRun {
  /** The key of this run: the same after the restart. */
  readonly key: string;
  /** Wraps a store, so that every step of a request's life is a point to crash at. */
  crashable<Tx>(store: Store<Tx>): Store<Tx>;
  /** Another such point, of your own: between two writes, say. */
  point(name: string): void;
}

type Report = { readonly point: string } | { readonly answer: unknown } | { readonly error: string };

/**
 * The script's side of the crash kit: runs one request of yours, under a key that it is given, and reports its answer
 * (as JSON). The process is killed with SIGKILL at the point that {@link crashPoints} asks for.
 *
 * @example
 * await underCrash(({ key, crashable }) => {
 *   const idempotency = createIdempotency({ store: crashable(drizzleStore(db)), … });
 *   return caller(idempotency.withKey(ctx, key)).invoices.create(input);
 * });
 */
export async function underCrash(run: (run: CrashRun) => Promise<unknown>): Promise<void> {
  const crashAt = Number(process.env[AT]); // 0, where none is asked for: there is no such point
  let passed = 0;
  const point = (name: string) => {
    passed += 1;
    if (passed !== crashAt) return;
    report({ point: name });
    process.kill(process.pid, 'SIGKILL');
    for (;;); // nothing more happens here, not even what is on its way to be sent
  };
  try {
    const key = process.env[KEY] ?? createKey();
    report({ answer: await run({ key, point, crashable: (store) => crashableStore(store, point) }) });
  } catch (error) {
    report({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
  process.exit();
}

/** Written at once: what waits in a buffer dies with the process. */
function report(what: Report): void {
  writeSync(1, `${MARK}${JSON.stringify(what)}\n`);
}

export interface CrashPointsOptions {
  /** The script's arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Node's own, such as a loader for TypeScript. Default: this process's. */
  readonly execArgv?: readonly string[];
  /** How long one run may take, in ms. Default: 60 s. */
  readonly timeoutMs?: number;
}

/** A process of the script that was killed. */
export interface Crash {
  /** Where it was killed, in words. */
  readonly point: string;
  /** The key that its request had. */
  readonly key: string;
  /** Runs the script again under the same key, to its end, in a new process. Answers with its answer. */
  restart(): Promise<unknown>;
}

/**
 * Kills a script at every point of its request's life, one process after the other, until a run comes to its end.
 *
 * @param script a module that calls {@link underCrash}
 * @throws if a run fails, ends without a report or takes too long
 * @example
 * for await (const crash of crashPoints(new URL('pay-once.ts', import.meta.url), { args: [databaseUrl] })) {
 *   const answer = await crash.restart();
 *   expect(await crash.restart(), crash.point).toEqual(answer);
 *   expect(await countPayments(crash.key), crash.point).toBe(1);
 * }
 */
export async function* crashPoints(script: URL, options: CrashPointsOptions = {}): AsyncGenerator<Crash, void, void> {
  for (let number = 1; ; number++) {
    const key = createKey();
    const end = await runScript(script, options, { [KEY]: key, [AT]: String(number) });
    if (!('point' in end)) {
      answerOf(end);
      return;
    }
    yield {
      point: end.point,
      key,
      restart: async () => answerOf(await runScript(script, options, { [KEY]: key, [AT]: '' })),
    };
  }
}

function answerOf(end: Report): unknown {
  if ('answer' in end) return end.answer;
  throw new Error('error' in end ? `the script failed: ${end.error}` : `the script was killed again: ${end.point}`);
}

async function runScript(
  script: URL,
  { args = [], env, execArgv = process.execArgv, timeoutMs = 60_000 }: CrashPointsOptions,
  own: Readonly<Record<string, string>>,
): Promise<Report> {
  const child = spawn(process.execPath, [...execArgv, fileURLToPath(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, ...own },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  try {
    const [reported] = await Promise.all([lastReport(child), once(child, 'exit')]);
    if (reported) return reported;
    throw new Error('the script ended without a word: does it call underCrash, and within the time?');
  } finally {
    child.kill('SIGKILL');
  }
}

async function lastReport({ stdout }: ChildProcess): Promise<Report | undefined> {
  let last: Report | undefined;
  if (!stdout) return last;
  for await (const line of createInterface({ input: stdout })) {
    if (line.startsWith(MARK)) last = JSON.parse(line.slice(MARK.length)) as Report;
  }
  return last;
}
