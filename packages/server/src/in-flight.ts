import type { RequestIdentity } from './decide.ts';
import type { RecordId } from './store.ts';

/** One request at work in this process. */
export interface Flight<T> {
  readonly request: RequestIdentity;
  readonly since: Date;
  /** Never rejects: a waiter that left must not become an unhandled rejection. */
  readonly landed: Promise<Landing<T>>;
}

export type Landing<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/**
 * The requests at work in this process by record, so that duplicates join the first instead of each holding a
 * database connection.
 */
export class InFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  get(id: RecordId): Flight<T> | undefined {
    return this.#flights.get(nameOf(id));
  }

  /** Starts the first. The caller has made sure, in the same tick, that there is none. */
  start(id: RecordId, request: RequestIdentity, run: () => Promise<T>): Flight<T> {
    const name = nameOf(id);
    const landed = run().then(
      (value): Landing<T> => this.#land(name, { ok: true, value }),
      (error: unknown): Landing<T> => this.#land(name, { ok: false, error }),
    );
    const flight = { request, since: new Date(), landed };
    this.#flights.set(name, flight);
    return flight;
  }

  /** Leaves the map before anyone who waits wakes up, so that the next in line finds it free. */
  #land(name: string, landing: Landing<T>): Landing<T> {
    this.#flights.delete(name);
    return landing;
  }
}

/** The length delimits: no other scope and key give the same name. */
function nameOf({ scope, key }: RecordId): string {
  return `${scope.length}:${scope}${key}`;
}
