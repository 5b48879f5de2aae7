import { OncekeyError } from '@oncekey/core';
import type { Store } from '../store.ts';
import { BodyFailure } from './body-failure.ts';
import { type DrizzleDatabase, type Executor, runThrough, transactPortably } from './portable.ts';
import { postgresJsInternals, transactOnPostgresJs } from './postgres-js.ts';
import { codeOf, isOvertaken, isUnavailable } from './sqlstate.ts';
import { findRecord } from './statements.ts';

/**
 * Keeps records in PostgreSQL through Drizzle, in the table `oncekeyRecords`. On postgres.js a protected mutation takes
 * as many flights as an unprotected one; every other driver takes the portable path through `db.transaction`.
 *
 * @param db the database that the protected handlers write to
 */
export function drizzleStore<Tx extends Executor>(db: DrizzleDatabase<Tx>): Store<Tx> {
  const postgresJs = postgresJsInternals(db);
  return {
    async transact(id, body) {
      try {
        return await (postgresJs ? transactOnPostgresJs(postgresJs, id, body) : transactPortably(db, id, body));
      } catch (error) {
        if (error instanceof BodyFailure) throw error.error;
        if (isOvertaken(error)) return 'overtaken';
        throw storeError(error);
      }
    },
    async find(id) {
      try {
        return await findRecord(runThrough(db), id);
      } catch (error) {
        throw storeError(error);
      }
    },
  };
}

/** Drizzle writes a failed query's parameters, which are keys and results, into the message: it goes no further. */
function storeError(error: unknown): Error {
  const code = codeOf(error) ?? 'no code';
  if (!isUnavailable(error)) return new Error(`oncekey: a statement of the store failed (${code})`);
  return new OncekeyError(
    'STORE_UNAVAILABLE',
    `The database cannot be reached (${code}). Send the request again under the same key.`,
  );
}
