import { idempotency } from '../idempotency.ts';

export interface PurgeState {
  readonly state: 'idle' | 'running' | 'done' | 'failed';
  readonly records: number;
  readonly events: number;
  /** As many as had expired when it began. */
  readonly expected: number;
}

let current: PurgeState = { state: 'idle', records: 0, events: 0, expected: 0 };

/** The purge of this process: one at a time, whoever asks. */
export const purgeRun = {
  get: (): PurgeState => current,

  start(expected: number): PurgeState {
    if (current.state === 'running') return current;
    current = { state: 'running', records: 0, events: 0, expected };
    const onProgress = ({ records, events }: { records: number; events: number }) => {
      current = { ...current, records, events };
    };
    idempotency.purge({ batchSize: 200, onProgress }).then(
      ({ records, events }) => {
        current = { ...current, state: 'done', records, events };
      },
      () => {
        current = { ...current, state: 'failed' };
      },
    );
    return current;
  },
};
