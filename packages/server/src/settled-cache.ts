import { isSameRequest } from './decide.ts';
import type { KeyedRequest, Settled } from './engine.ts';

interface Entry {
  readonly request: Pick<KeyedRequest, 'operation' | 'fingerprint'>;
  readonly settled: Settled;
  /** Of this process's clock that is never set back: from before the record was written, so never too late. */
  readonly until: number;
  readonly bytes: number;
}

/** What an entry takes beside its result, about. */
const ENTRY_BYTES = 512;

/**
 * Answers that this process has given, by record. A settled record never changes until it expires, so an entry is never
 * stale; what is not settled is never here. Only the same request is answered from it: whatever else comes under the key is for
 * the store to refuse.
 */
export class SettledCache {
  readonly #entries = new Map<string, Entry>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(request: KeyedRequest): Settled | undefined {
    const name = nameOf(request);
    const entry = this.#entries.get(name);
    if (!entry || !isSameRequest(entry.request, request)) return undefined;
    this.#drop(name);
    if (entry.until <= performance.now()) return undefined;
    this.#add(name, entry); // the one that was asked for last goes last
    return entry.settled;
  }

  /** @param since when its request came, of `performance.now()` */
  put({ id, operation, fingerprint, retentionMs }: KeyedRequest, settled: Settled, since: number): void {
    // Of another's record, with a dedupe key, it is not known how long it is kept.
    if (settled.id.key !== id.key) return;
    const { executed: _, ...kept } = settled;
    const bytes = ENTRY_BYTES + 2 * (settled.result?.length ?? 0);
    if (bytes > this.#maxBytes) return;
    const name = nameOf({ id });
    this.#drop(name);
    this.#add(name, { request: { operation, fingerprint }, settled: kept, until: since + retentionMs, bytes });
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #add(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    this.#bytes += entry.bytes;
  }

  #drop(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0;
    this.#entries.delete(name);
  }
}

function nameOf({ id: { scope, key } }: Pick<KeyedRequest, 'id'>): string {
  return `${scope.length}:${scope}${key}`;
}
