import { setTimeout as sleep } from 'node:timers/promises';

/** Where in the life of a request its process can be killed: before its work, in the middle of it, or when it is done. */
export type CrashPoint = 'before' | 'inside' | 'after';

/** The lab's two lanes are killed at the same point: whoever comes first waits this long for the other, in ms. */
const WAIT_FOR_OTHER_MS = 300;
const LANES = 2;
let waiting = 0;

/**
 * Kills this process as a power cut would: nothing is cleaned up, nobody is told. Only where a visitor of the demo has asked
 * for it at this point.
 */
export async function crashPoint(wanted: CrashPoint | undefined, here: CrashPoint): Promise<void> {
  if (wanted !== here) return;
  if (++waiting < LANES) await sleep(WAIT_FOR_OTHER_MS);
  crashNow();
}

export function crashNow(): void {
  process.kill(process.pid, 'SIGKILL');
}
