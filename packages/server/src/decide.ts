import type { StoredRecord } from './store.ts';

/** A request, as far as the decision needs it. */
export interface RequestIdentity {
  readonly operation: string;
  readonly fingerprint: string;
}

/** What the store showed. */
export interface Found {
  readonly locked: boolean;
  readonly record: StoredRecord | undefined;
}

/** What is done with a request. */
export type Decision =
  /** Nobody has answered this and nobody is at it: run the handler. */
  | { readonly do: 'run' }
  /** Somebody is at it: look again later. */
  | { readonly do: 'wait' }
  /** It was answered: answer so again. */
  | { readonly do: 'replay'; readonly record: StoredRecord }
  /** The key names another request: KEY_REUSED. */
  | { readonly do: 'refuse'; readonly record: StoredRecord };

/**
 * The whole decision, as a table:
 *
 * | record  | same request | lock  | decision |
 * |---------|--------------|-------|----------|
 * | live    | yes          | any   | replay   |
 * | live    | no           | any   | refuse   |
 * | none    |              | got   | run      |
 * | none    |              | taken | wait     |
 * | expired |              | got   | run      |
 * | expired |              | taken | wait     |
 */
export function decide(found: Found, request: RequestIdentity): Decision {
  const { record, locked } = found;
  if (record && !record.expired) {
    return isSameRequest(record, request) ? { do: 'replay', record } : { do: 'refuse', record };
  }
  return locked ? { do: 'run' } : { do: 'wait' };
}

/** The operation is part of the fingerprint too; comparing it by name keeps that a choice and not an accident. */
export function isSameRequest(first: RequestIdentity, second: RequestIdentity): boolean {
  return first.operation === second.operation && first.fingerprint === second.fingerprint;
}
