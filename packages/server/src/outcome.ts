import { isOutOfTime, type Look, type RecordId, type Store } from './store.ts';

/** What became of a key. */
export interface Outcome {
  /**
   * - `unseen`: nothing was done under it that is committed; a transaction may be under way
   * - `running`: a leased execution is at work
   * - `interrupted`: a leased execution's owner died or failed; sending the request again goes on with it
   * - `succeeded`, `failed`: sending the request again gets the answer
   * - `abandoned`: nothing will be done under it
   * - `expired`: it is too old to tell
   */
  readonly state: 'unseen' | 'running' | 'interrupted' | 'succeeded' | 'failed' | 'abandoned' | 'expired';
  readonly operation?: string;
  readonly executionId?: string;
  /** When it was first used, by the database's clock. ISO 8601, so that it needs no transformer. */
  readonly since?: string;
}

/** The record of a key, as its own person may see it: never what was asked or answered. */
function outcomeOf({ record, now }: Look, bornAt: number | undefined, retentionMs: number): Outcome {
  if (!record || record.expired) {
    return { state: isOutOfTime(bornAt, now.getTime(), retentionMs) ? 'expired' : 'unseen' };
  }
  const { operation, executionId, createdAt } = record;
  const since = createdAt.toISOString();
  if (record.state === 'abandoned') return { state: 'abandoned', since };
  const state = record.state === 'running' && !record.leased ? 'interrupted' : record.state;
  return { state, operation, executionId, since };
}

/** A key, with the time it bears. */
export interface TimedKey {
  readonly id: RecordId;
  readonly bornAt: number | undefined;
}

export async function lookOutcome(
  store: Store<never>,
  { id, bornAt }: TimedKey,
  retentionMs: number,
): Promise<Outcome> {
  return outcomeOf(await store.look(id), bornAt, retentionMs);
}

/** Settles it for good, unless it is at work or has ended. */
export async function abandonKey(
  store: Store<never>,
  { id, bornAt }: TimedKey,
  { retentionMs, actor }: { readonly retentionMs: number; readonly actor: string | undefined },
): Promise<Outcome & { readonly isNew: boolean }> {
  const { abandoned, ...look } = await store.abandon(id, { bornAt, retentionMs, actor });
  return { ...outcomeOf(look, bornAt, retentionMs), isNew: abandoned };
}
