import { createKey, oncekeyErrorData } from '@oncekey/core';

/** How far the server's clock is ahead of this machine's, in ms, as far as it is known. */
let aheadMs = 0;

/** A key that is born by the server's clock, once a server has said that ours is off. */
export function mintKey(): string {
  return aheadMs === 0 ? createKey() : createKey(Date.now() + aheadMs);
}

/**
 * Learns the server's time from a refusal with KEY_EXPIRED.
 *
 * @returns whether a key that was never sent before may be minted anew and sent: the clock is known now
 */
export function learnServerTime(error: unknown): boolean {
  const data = oncekeyErrorData(error);
  const time = data?.code === 'KEY_EXPIRED' ? Date.parse(data.serverTime ?? '') : Number.NaN;
  if (Number.isNaN(time)) return false;
  aheadMs = time - Date.now();
  return true;
}
