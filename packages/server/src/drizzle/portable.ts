import { type SQL, sql } from 'drizzle-orm';
import type { NewRecord, RecordId, Store, TransactEnd } from '../store.ts';
import { orFailure } from './body-failure.ts';
import { deleteExpired, findRecord, insertRecord, type Run, type Statement, tryLock } from './statements.ts';

/** What runs SQL: a database or a transaction of any of Drizzle's PostgreSQL drivers. */
export interface Executor {
  execute(query: SQL): PromiseLike<unknown>;
}

/** A Drizzle database on PostgreSQL, whatever its driver and schema. */
export interface DrizzleDatabase<Tx extends Executor> extends Executor {
  transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Runs statements through Drizzle itself. */
export function runThrough(executor: Executor): Run {
  return async (statement) => {
    const result = await executor.execute(toSql(statement));
    // postgres.js answers with the rows themselves, node-postgres and PGlite with `{ rows }`.
    return Array.isArray(result) ? result : (result as { readonly rows: Awaited<ReturnType<Run>> }).rows;
  };
}

/**
 * A transaction through `db.transaction`: works on every driver, one flight a statement.
 *
 * @throws {BodyFailure} around what the body threw; else what the driver threw
 */
export async function transactPortably<Tx extends Executor>(
  db: DrizzleDatabase<Tx>,
  id: RecordId,
  body: Parameters<Store<Tx>['transact']>[1],
): Promise<TransactEnd> {
  let next: NewRecord | undefined;
  try {
    await db.transaction(async (tx) => {
      const run = runThrough(tx);
      // Two statements, the lock first: in one, the look-up would see the world of before the lock was had.
      const locked = await tryLock(run, id);
      const record = await findRecord(run, id);
      next = await orFailure(body({ tx, locked, record }));
      if (!next) throw new NothingToRecord();
      if (record?.expired) await deleteExpired(run, id);
      await insertRecord(run, id, next);
    });
  } catch (error) {
    if (error instanceof NothingToRecord) return 'rolled-back';
    throw error;
  }
  return 'recorded';
}

/** Drizzle rolls back what throws. */
class NothingToRecord extends Error {}

function toSql({ text, params }: Statement): SQL {
  const [first = '', ...rest] = text.split(/\$\d+/);
  return rest.reduce((query, part, index) => sql`${query}${params[index]}${sql.raw(part)}`, sql.raw(first));
}
