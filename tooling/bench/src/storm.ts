import { setTimeout as sleep } from 'node:timers/promises';
import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { effect, open } from './systems/database.ts';

const KEYS = 30;
const DUPLICATES = 20;
const HANDLER_MS = 30;

/** Keys that each come many times at once, with a handler that takes its time: how long it takes, and how often it ran. */
export async function storm(url: string): Promise<{ ms: number; executions: number; requests: number }> {
  await using pool = open(url, 16);
  const idempotency = createIdempotency<{ db: PostgresJsDatabase }>({
    store: drizzleStore(pool.db),
    scope: () => 'bench',
  });
  let executions = 0;
  const run = (key: string) =>
    idempotency.execute({ mode: 'transactional', operation: 'storm', scope: 'bench', key }, async ({ db }) => {
      executions++;
      await sleep(HANDLER_MS);
      return effect(db, 'storm');
    });
  const begun = performance.now();
  const stamp = Math.random();
  const requests = Array.from({ length: KEYS * DUPLICATES }, (_, index) => run(`storm-${stamp}-${index % KEYS}`));
  await Promise.all(requests);
  return { ms: performance.now() - begun, executions, requests: requests.length };
}
