import { leaseLost } from './refusals.ts';
import type { Lease, Store } from './store.ts';

/** Beats a lease lasts: two may be lost. */
const BEATS = 3;

/** A lease that is kept alive until it is let go. */
export interface Kept {
  /** Aborts when the lease is lost, or may be: another attempt may run from then on. */
  readonly signal: AbortSignal;
  letGo(): void;
}

interface Entry {
  readonly lease: Lease;
  readonly abort: AbortController;
  /** Until when it holds at least, by this process's own clock. */
  validUntil: number;
}

/** Keeps the leases of one process alive, of one duration, with one statement a beat, whatever their number. */
export class LeaseKeeper {
  readonly #store: Pick<Store<never>, 'renew'>;
  readonly #leaseMs: number;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;

  constructor(store: Pick<Store<never>, 'renew'>, leaseMs: number) {
    this.#store = store;
    this.#leaseMs = leaseMs;
  }

  /** @param claimedAt when the claim was *sent*, by `performance.now()`: the database counts from later */
  keep(lease: Lease, claimedAt: number): Kept {
    const entry: Entry = { lease, abort: new AbortController(), validUntil: claimedAt + this.#leaseMs };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => void this.#beat(), this.#leaseMs / BEATS).unref();
    return {
      signal: entry.abort.signal,
      letGo: () => {
        this.#entries.delete(entry);
        if (this.#entries.size > 0) return;
        clearInterval(this.#timer);
        this.#timer = undefined;
      },
    };
  }

  async #beat(): Promise<void> {
    const now = performance.now();
    for (const entry of this.#entries) if (entry.validUntil <= now) this.#lose(entry);
    if (this.#isBeating) return; // the last one is still on its way: another would wait behind it
    this.#isBeating = true;
    try {
      const beaten = [...this.#entries];
      const held = new Set(
        await this.#store.renew(
          beaten.map(({ lease }) => lease),
          this.#leaseMs,
        ),
      );
      for (const entry of beaten) {
        if (held.has(entry.lease)) entry.validUntil = now + this.#leaseMs;
        else this.#lose(entry);
      }
    } catch {
      // Nobody could be asked. The next beat asks again; when the lease's time is over, it counts as lost.
    } finally {
      this.#isBeating = false;
    }
  }

  #lose(entry: Entry): void {
    // One that was let go while the beat was under way has ended, and is not lost.
    if (this.#entries.delete(entry)) entry.abort.abort(leaseLost());
  }
}
