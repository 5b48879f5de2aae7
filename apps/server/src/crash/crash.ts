import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Where in the life of a request its process can be killed: before its work, in the middle of it, or when it is done. Or it
 * is frozen in the middle, and comes back when nobody counts on it any more.
 */
export type CrashPoint = 'before' | 'inside' | 'after' | 'frozen';

/** The lab's two lanes are killed at the same point: whoever comes first waits this long for the other, in ms. */
const WAIT_FOR_OTHER_MS = 300;
const LANES = 2;
/** Longer than the lab's leases, and than whoever waits for them to end. */
const FROZEN_S = 5;
let waiting = 0;
let freezing: Promise<void> | undefined;

/**
 * Kills this process as a power cut would: nothing is cleaned up, nobody is told. Only where a visitor of the demo has asked
 * for it at this point.
 */
export async function crashPoint(wanted: CrashPoint | undefined, here: Exclude<CrashPoint, 'frozen'>): Promise<void> {
  if (wanted === 'frozen' && here === 'inside') {
    freezing ??= freeze();
    await freezing;
  }
  if (wanted !== here) return;
  if (++waiting < LANES) await sleep(WAIT_FOR_OTHER_MS);
  crashNow();
}

export function crashNow(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** As a machine that swaps, or a container that is moved: nothing runs, and then all goes on as if no time had passed. */
async function freeze(): Promise<void> {
  await sleep(WAIT_FOR_OTHER_MS);
  freezing = undefined;
  spawn('sh', ['-c', `sleep ${FROZEN_S}; kill -CONT ${process.pid}`], { stdio: 'ignore' });
  process.kill(process.pid, 'SIGSTOP');
}
