import type { IdempotencyEvent } from '@oncekey/server';
import { idempotency } from '../idempotency.ts';

export interface Sample {
  readonly at: number;
  readonly kind: IdempotencyEvent['kind'];
  readonly ms: number;
}

const MOST = 5_000;
const samples: Sample[] = [];

/** How long requests took, the newest of this process. */
export function latencies(): readonly Sample[] {
  return samples;
}

idempotency.listen(({ kind, durationMs }) => {
  if (durationMs === undefined) return;
  samples.push({ at: Date.now(), kind, ms: durationMs });
  if (samples.length > MOST) samples.splice(0, samples.length - MOST);
});
