import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Does a process with this id run? Somebody else's does too: then a signal is refused, not lost. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Waits until the process is gone. Answers false if it still runs after `timeout` ms. */
export async function isGoneWithin(pid: number, timeout: number): Promise<boolean> {
  const until = performance.now() + timeout;
  while (isAlive(pid)) {
    if (performance.now() > until) return false;
    await sleep(10);
  }
  return true;
}

/**
 * An orphan's entry stays when nobody reaps it, as in a container whose first process is a plain program: such a
 * process has ended, though it can still be signalled.
 */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}
