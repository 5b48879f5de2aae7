import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { open } from './database.ts';
import type { SystemSpec } from './system.ts';

interface Kind {
  readonly name: string;
  readonly mode: 'transactional' | 'leased';
  readonly speculative?: boolean;
  readonly cache?: { readonly maxBytes: number };
  readonly prepareHandlers?: boolean;
}

function oncekey({ name, mode, speculative = false, cache, prepareHandlers = true }: Kind): SystemSpec {
  return {
    name,
    version: 'this repository',
    isOnPostgres: true,
    async create({ url, note, effect, connections }) {
      const { db, ...pool } = open(url, connections);
      const idempotency = createIdempotency<{ db: PostgresJsDatabase }>({
        store: drizzleStore(db, { prepareHandlers }),
        scope: () => 'bench',
        ...(cache && { cache }),
      });
      // A scope of its own: the others' records are not this one's to answer from.
      const request = (key: string) => ({ operation: 'effect', scope: name, key, input: { note: note.length } });
      const run = (key: string, isRetry: boolean) =>
        mode === 'transactional'
          ? idempotency.execute({ mode, ...request(key), speculative, isRetry }, ({ db: tx }) => effect(tx))
          : idempotency.execute({ mode, ...request(key), isRetry }, () => db.transaction((tx) => effect(tx)));
      return { first: (key) => run(key, false), replay: (key) => run(key, true), ...pool };
    },
  };
}

export const transactional = oncekey({ name: 'oncekey transactional', mode: 'transactional' });
export const speculative = oncekey({ name: 'oncekey speculative', mode: 'transactional', speculative: true });
/** The handler's statements as Drizzle sends them: what of the difference is the preparing, and what is not. */
export const unprepared = oncekey({ name: 'oncekey, unprepared', mode: 'transactional', prepareHandlers: false });
export const leased = oncekey({ name: 'oncekey leased', mode: 'leased' });
export const cached = oncekey({ name: 'oncekey with its cache', mode: 'transactional', cache: { maxBytes: 1 << 26 } });
