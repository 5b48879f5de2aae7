import { OncekeyError } from '@oncekey/core';
import type { NewRecord, Store, TransactEnd } from '../store.ts';
import { codeOf, isUnavailable } from './sqlstate.ts';
import { findRecord, insertRecord, type Runs, tryLock } from './statements.ts';

/** A Drizzle database on PostgreSQL, whatever its driver and schema. */
export interface DrizzleDatabase<Tx extends Runs> extends Runs {
  transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
}

/**
 * Keeps records in PostgreSQL through Drizzle, in the tables of `oncekeyRecords`.
 *
 * @param db the database that the protected handlers write to
 */
export function drizzleStore<Tx extends Runs>(db: DrizzleDatabase<Tx>): Store<Tx> {
  return {
    async transact(id, body) {
      const failed: { byBody?: { readonly error: unknown } } = {};
      try {
        return await db.transaction<TransactEnd>(async (tx) => {
          // Two statements, the lock first: in one, the look-up would see the world of before the lock was had.
          const locked = await tryLock(tx, id);
          const record = await findRecord(tx, id);
          const next = await body({ tx, locked, record }).catch((error: unknown): NewRecord | undefined => {
            failed.byBody = { error };
            throw error;
          });
          if (!next) throw new Rollback('rolled-back');
          if (!(await insertRecord(tx, id, next))) throw new Rollback('overtaken');
          return 'recorded';
        });
      } catch (error) {
        if (error instanceof Rollback) return error.end;
        // The body's own error, whatever the roll-back of a broken connection made of it.
        if (failed.byBody) throw failed.byBody.error;
        throw storeError(error);
      }
    },
    async find(id) {
      try {
        return await findRecord(db, id);
      } catch (error) {
        throw storeError(error);
      }
    },
  };
}

/** Drizzle rolls back what throws. */
class Rollback extends Error {
  readonly end: TransactEnd;

  constructor(end: TransactEnd) {
    super(end);
    this.end = end;
  }
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
