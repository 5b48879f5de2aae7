/** Where in the life of a request its process can be killed: before its work, in the middle of it, or when it is done. */
export type CrashPoint = 'before' | 'inside' | 'after';

/**
 * Kills this process as a power cut would: nothing is cleaned up, nobody is told. Only where a visitor of the demo has asked
 * for it at this point.
 */
export function crashPoint(wanted: CrashPoint | undefined, here: CrashPoint): void {
  if (wanted === here) process.kill(process.pid, 'SIGKILL');
}
