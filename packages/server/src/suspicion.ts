import type { RecordId } from './store.ts';

/** How near two requests must come to look like one that lost its key, in ms. */
const WINDOW_MS = 60_000;
const MOST = 10_000;

interface Seen {
  readonly key: string;
  readonly executionId: string;
  readonly at: number;
}

/**
 * Notices one request under two keys: how a client looks that mints a key with each try. It sees this process only, and
 * forgets the oldest beyond ten thousand: a hint for the app's developer, not a guard.
 */
export class Suspicion {
  readonly #seen = new Map<string, Seen>();

  /** @returns the execution under another key, if there was one within the last minute */
  notice(id: RecordId, fingerprint: string, executionId: string, now: number): string | undefined {
    const name = `${fingerprint}${id.scope}`; // a fingerprint has a fixed length
    const before = this.#seen.get(name);
    this.#seen.delete(name); // the order of a Map is that of its insertions
    this.#seen.set(name, { key: id.key, executionId, at: now });
    for (const [oldest] of this.#seen) {
      if (this.#seen.size <= MOST) break;
      this.#seen.delete(oldest);
    }
    const isSuspect = before && before.key !== id.key && now - before.at < WINDOW_MS;
    return isSuspect ? before.executionId : undefined;
  }
}
