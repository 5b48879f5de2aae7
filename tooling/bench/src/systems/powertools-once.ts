import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import type { Effect } from './database.ts';

/** Their wrapper around an effect, the same for every layer that keeps its records. */
export function powertoolsOnce(persistenceStore: BasePersistenceLayer, run: () => Promise<Effect>) {
  // What it takes from the function's surroundings in the cloud.
  process.env['AWS_LAMBDA_FUNCTION_NAME'] ??= 'bench';
  const context = { getRemainingTimeInMillis: () => 30_000 };
  const handler = makeIdempotent(async (_event: { key: string }, _context: typeof context) => ({ ...(await run()) }), {
    persistenceStore,
    config: new IdempotencyConfig({ eventKeyJmesPath: 'key', throwOnNoIdempotencyKey: true }),
  } as never);
  return (key: string): Promise<unknown> => handler({ key }, context);
}
