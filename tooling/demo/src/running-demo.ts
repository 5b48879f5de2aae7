import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookUp } from './process-table.ts';
import { StartProblem } from './start-problem.ts';

interface Recorded {
  pid: number;
  started: string;
  port: number;
  processes?: Started[];
}

interface Started {
  name: string;
  pid: number;
  started: string;
}

/** This folder's demo is us, as long as it is not released. */
export interface RunningDemo {
  /** One of its processes has started. */
  record(name: string, pid: number): void;
  release(): void;
}

/**
 * Writes down that the demo of this folder is this process.
 *
 * @throws StartProblem if another one runs, on whatever port: two would fight over one database
 */
export function claimFolder(data: string, port: number): RunningDemo {
  mkdirSync(data, { recursive: true });
  const file = join(data, 'demo.json');
  const mine: Recorded = { pid: process.pid, started: lookUp(process.pid)?.started ?? '', port };
  for (;;) {
    try {
      // wx: of two that start at once, only one creates it.
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const other = read(file);
    if (other && isSame(other)) {
      throw new StartProblem(
        `The demo of this folder already runs at http://localhost:${other.port} (pid ${other.pid}): use that one, or stop it with Ctrl-C in its terminal.`,
      );
    }
    // Its demo was killed and could not stop them: the server would hold the port for ever.
    const left = (other?.processes ?? []).filter(isSame);
    for (const { pid } of left) killGroup(pid);
    waitUntilGone(left);
    rmSync(file, { force: true });
  }
  let processes: Started[] = [];
  return {
    record(name, pid) {
      const started = lookUp(pid)?.started;
      if (started !== undefined) processes = [...processes.filter(isSame), { name, pid, started }];
      writeFileSync(file, JSON.stringify({ ...mine, processes }));
    },
    release() {
      rmSync(file, { force: true });
    },
  };
}

/** Killed is not gone yet, and until then it holds the port. Waits for two seconds at most, with nothing else to do. */
function waitUntilGone(processes: readonly { pid: number; started: string }[]): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < 200 && processes.some(isSame); waits++) Atomics.wait(nobody, 0, 0, 10);
}

/** Ends a process and whatever it started, if it leads a group of its own. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone by itself.
  }
}

function isSame({ pid, started }: { pid: number; started: string }): boolean {
  return lookUp(pid)?.started === started;
}

function read(file: string): Recorded | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Cut off while it was written: nobody's.
    return undefined;
  }
}
