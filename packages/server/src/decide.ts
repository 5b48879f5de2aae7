import { isOutOfTime, type Look, type StoredRecord } from './store.ts';

/** A request, as far as the decision needs it. */
export interface RequestIdentity {
  readonly operation: string;
  readonly fingerprint: string;
}

export interface DecidedRequest extends RequestIdentity {
  /** See `NewRecord`. */
  readonly bornAt?: number | undefined;
  readonly retentionMs: number;
  /** What another intent about the same thing is answered. */
  readonly onDuplicate?: 'replay' | 'conflict' | undefined;
}

/** What the store showed. */
export interface Found extends Look {
  /** Whether this request has the id to itself, if it is free. */
  readonly locked: boolean;
}

/** What is done with a request. */
export type Decision =
  /** Nobody has answered this and nobody is at it: run the handler. */
  | { readonly do: 'run' }
  /** Somebody is at it: look again later. `for`: at this execution, which another key began. */
  | { readonly do: 'wait'; readonly for?: StoredRecord }
  /** It was answered: answer so again. */
  | { readonly do: 'replay'; readonly record: StoredRecord }
  | {
      readonly do: 'refuse';
      readonly because: 'KEY_REUSED' | 'ABANDONED' | 'DUPLICATE';
      readonly record: StoredRecord;
    }
  | { readonly do: 'refuse'; readonly because: 'KEY_EXPIRED'; readonly now: Date };

/**
 * The whole decision, as a table; the first line that fits counts:
 *
 * | record                      | same request | holder of the dedupe key | key's time | lock  | decision             |
 * |-----------------------------|--------------|--------------------------|------------|-------|----------------------|
 * | live, abandoned             |              |                          |            |       | refuse: ABANDONED    |
 * | live                        | no           |                          |            |       | refuse: KEY_REUSED   |
 * | live, succeeded or failed   | yes          |                          |            |       | replay               |
 * | live, running, leased       | yes          |                          |            |       | wait                 |
 * | none or expired             |              |                          | out of it  |       | refuse: KEY_EXPIRED  |
 * | none, expired or lease over |              | yes, `conflict`          |            |       | refuse: DUPLICATE    |
 * | none, expired or lease over |              | yes, `replay`, ended     |            |       | replay the holder    |
 * | none, expired or lease over |              | yes, `replay`, running   |            |       | wait for the holder  |
 * | none, expired or lease over |              |                          |            | got   | run                  |
 * | none, expired or lease over |              |                          |            | taken | wait                 |
 */
export function decide(found: Found, request: DecidedRequest): Decision {
  const { record, holder, locked, now } = found;
  if (record && !record.expired) {
    if (record.state === 'abandoned') return { do: 'refuse', because: 'ABANDONED', record };
    if (!isSameRequest(record, request)) return { do: 'refuse', because: 'KEY_REUSED', record };
    if (record.state !== 'running') return { do: 'replay', record };
    if (record.leased) return { do: 'wait' };
  } else if (isOutOfTime(request.bornAt, now.getTime(), request.retentionMs)) {
    return { do: 'refuse', because: 'KEY_EXPIRED', now };
  }
  if (holder) {
    if (request.onDuplicate !== 'replay') return { do: 'refuse', because: 'DUPLICATE', record: holder };
    return holder.state === 'running' ? { do: 'wait', for: holder } : { do: 'replay', record: holder };
  }
  return locked ? { do: 'run' } : { do: 'wait' };
}

/** The operation is part of the fingerprint too; comparing it by name keeps that a choice and not an accident. */
export function isSameRequest(first: RequestIdentity, second: RequestIdentity): boolean {
  return first.operation === second.operation && first.fingerprint === second.fingerprint;
}
