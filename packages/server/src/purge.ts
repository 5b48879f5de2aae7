import { setTimeout as sleep } from 'node:timers/promises';
import { type Duration, toMilliseconds } from './duration.ts';
import type { PurgeBatch, Store } from './store.ts';

export interface PurgeOptions {
  /** How many records, and events, one statement deletes at most. Default: 500. */
  readonly batchSize?: number;
  /** How many batches at most. Default: as many as there are. */
  readonly maxBatches?: number;
  /** How long a pause between two batches is. Default: `'20ms'`, so that others get through. */
  readonly pause?: Duration;
  /** How long events are kept. Default: `'90d'`. */
  readonly keepEvents?: Duration;
  /** Stops it after the batch that runs. */
  readonly signal?: AbortSignal;
  /** Called after each batch with what was deleted so far. */
  readonly onProgress?: (soFar: PurgeResult) => void;
}

export interface PurgeResult extends PurgeBatch {
  readonly batches: number;
  /** Whether nothing was left to delete. If not, the next purge goes on. */
  readonly isDone: boolean;
}

/**
 * Deletes expired records with their steps, and old events, in batches of their own transactions. Any number of
 * processes may do so at once, at any time: each takes rows that no other has, and none that a claim is taking over.
 *
 * @throws {RangeError} if a number is out of its range
 * @throws {OncekeyError} STORE_UNAVAILABLE; what was deleted until then stays deleted
 */
export async function purge(store: Pick<Store<never>, 'purge'>, options: PurgeOptions = {}): Promise<PurgeResult> {
  const { batchSize = 500, maxBatches = Number.POSITIVE_INFINITY, signal, onProgress } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError('batchSize must be a whole number from 1');
  if (!(maxBatches >= 1)) throw new RangeError('maxBatches must be a number from 1');
  const keepEventsMs = toMilliseconds(options.keepEvents ?? '90d', 'keepEvents');
  const pauseMs = toMilliseconds(options.pause ?? '20ms', 'pause');

  let soFar: PurgeResult = { records: 0, events: 0, batches: 0, isDone: false };
  while (!soFar.isDone && soFar.batches < maxBatches && !signal?.aborted) {
    if (soFar.batches > 0) await sleep(pauseMs);
    const batch = await store.purge(batchSize, keepEventsMs);
    soFar = {
      records: soFar.records + batch.records,
      events: soFar.events + batch.events,
      batches: soFar.batches + 1,
      isDone: batch.records < batchSize && batch.events < batchSize,
    };
    onProgress?.(soFar);
  }
  return soFar;
}
