import { setTimeout as sleep } from 'node:timers/promises';
import { isOncekeyError } from '@oncekey/core';
import { pollDelay } from './backoff.ts';

/**
 * Stores what has already happened: a storage that is away is asked again for as long as the lease lasts, since giving
 * up means that it may happen a second time.
 */
export async function persist<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (signal.aborted || !isOncekeyError(error, 'STORE_UNAVAILABLE')) throw error;
      await sleep(pollDelay(tries, Math.random()));
    }
  }
}
