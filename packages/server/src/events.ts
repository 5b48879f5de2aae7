import type { RecordId } from './store.ts';

/** What the audit knows. */
export type AuditKind =
  /** Leased: an execution began. */
  | 'claimed'
  /** Leased: another attempt went on with an execution whose owner was gone. */
  | 'taken-over'
  | 'succeeded'
  /** Ended with an error that is remembered. */
  | 'failed'
  /** Leased: the handler failed with an error that is not remembered; a retry goes on. */
  | 'released'
  /** Leased: an owner came back after another had taken over; whatever it ended with was refused. */
  | 'lease-lost'
  /** Answered from the record. */
  | 'replayed'
  /** A duplicate waited for the first. */
  | 'waited'
  /** Refused: another intent about the same thing holds the dedupe key. */
  | 'conflict'
  /** Refused: the key names another request. */
  | 'mismatch'
  | 'abandoned'
  /** The work that an execution had set off has ended. */
  | 'settled'
  /** Two keys for one request within a minute: a client whose keys are not kept. */
  | 'suspected-duplicate'
  | 'purged';

/** Which kinds are written down: `'outcomes'` leaves out what comes with every request. */
export type AuditLevel = 'off' | 'outcomes' | 'all';

const EVERY_REQUEST: ReadonlySet<AuditKind> = new Set(['claimed', 'released', 'replayed', 'waited', 'purged']);

export function isAudited(kind: AuditKind, level: AuditLevel): boolean {
  return level === 'all' || (level === 'outcomes' && !EVERY_REQUEST.has(kind));
}

/** What listeners hear. Holds no input and no result; a key is the app's own to hear, and not for logs. */
export interface IdempotencyEvent {
  readonly kind: Exclude<AuditKind, 'purged'>;
  readonly mode: 'transactional' | 'leased' | undefined;
  readonly id: RecordId;
  readonly operation: string;
  readonly executionId?: string | undefined;
  readonly attempt?: number | undefined;
  /** Of `succeeded`, `failed`, `released`: the handler's run; of `replayed`, `waited`: until it was answered; in ms. */
  readonly durationMs?: number | undefined;
  /** Of `conflict` and `suspected-duplicate`: the other execution. */
  readonly otherExecutionId?: string | undefined;
}

export type Listener = (event: IdempotencyEvent) => void;

/** Listeners, none of which can break a request. */
export class Listeners {
  readonly #listeners = new Set<Listener>();

  /** @returns what stops it */
  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: IdempotencyEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        void Promise.reject(error); // reported as unhandled, where the app looks for such
      }
    }
  }
}
