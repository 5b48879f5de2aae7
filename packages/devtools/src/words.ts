import type { RecordedIntent } from './recorder.ts';

/** A state in plain words. */
export const STATES: Readonly<Record<RecordedIntent['state'], string>> = {
  waiting: 'waiting',
  pending: 'on its way',
  succeeded: 'succeeded',
  unknown: 'unknown',
  refused: 'refused',
  failed: 'failed',
};

/** `conversations.start`, from tRPC's mutation keys, or any other's texts. */
export function operationOf(mutationKey: readonly unknown[]): string {
  return mutationKey
    .flat()
    .filter((part) => typeof part === 'string')
    .join('.');
}

/** The end of a UUIDv7 differs most; any other key is shown by its beginning. */
export function shortKey(key: string): string {
  return key.length <= 13 ? key : `…${key.slice(-12)}`;
}
