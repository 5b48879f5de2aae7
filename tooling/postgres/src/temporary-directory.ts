import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './process-alive.ts';

const PREFIX = 'oncekey-postgres-of-';

/** A fresh folder for data that nobody keeps, named after the process that answers for it. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/**
 * Removes the temporary data of processes that were killed before they could. The server over it, if it still runs, ends
 * by itself: a postmaster leaves within a minute once its pid file is gone.
 */
export async function removeAbandonedTemporaries(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX) || isAlive(Number.parseInt(name.slice(PREFIX.length), 10))) continue;
    // Another user's is not ours to remove.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}
