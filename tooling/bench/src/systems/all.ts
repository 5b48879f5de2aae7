import { claimAndComplete, selectThenInsert } from './by-hand.ts';
import { dbos } from './dbos.ts';
import { nodeIdempotency } from './node-idempotency.ts';
import { cached, leased, speculative, transactional, unprepared } from './oncekey.ts';
import { powertools } from './powertools.ts';
import { powertoolsOnRedis } from './powertools-redis.ts';
import type { SystemSpec } from './system.ts';
import { unprotected } from './unprotected.ts';

/** The first is the 1.00. */
export const SYSTEMS: readonly SystemSpec[] = [
  unprotected,
  transactional,
  unprepared,
  speculative,
  leased,
  cached,
  selectThenInsert,
  claimAndComplete,
  nodeIdempotency,
  powertools,
  powertoolsOnRedis,
  dbos,
];
