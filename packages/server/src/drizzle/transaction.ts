import type { SQL } from 'drizzle-orm';
import { sql } from 'drizzle-orm';
import type { Run, Statement } from './statement.ts';

/** What runs SQL: a database or a transaction of any of Drizzle's PostgreSQL drivers. */
export interface Executor {
  execute(query: SQL): PromiseLike<unknown>;
}

/** A Drizzle database on PostgreSQL, whatever its driver and schema. */
export interface DrizzleDatabase<Tx extends Executor> extends Executor {
  transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
}

/** What a transaction is made of. */
interface Plan<Tx, Opened> {
  /** What it begins with. Where the driver can, its statements go out with BEGIN in one flight. */
  open(run: Run): Promise<Opened>;
  /** What may be begun in it before it is known how it opened. If that failed, it has failed with it. */
  readonly early?: ((tx: Tx) => void) | undefined;
  /** What is done in it. Answers with what it ends with, in one flight with COMMIT; `undefined` rolls it back. */
  body(tx: Tx, opened: Opened): Promise<((run: Run) => Promise<unknown>) | undefined>;
}

/**
 * Runs a plan. `false`: it was rolled back, as its body asked.
 *
 * @throws {BodyFailure} around what the body threw; else what the driver threw
 */
export type Transact<Tx> = <Opened>(plan: Plan<Tx, Opened>) => Promise<boolean>;

/** Runs statements through Drizzle itself. */
export function runThrough(executor: Executor): Run {
  return async (statement) => {
    const result = await executor.execute(toSql(statement));
    // postgres.js answers with the rows themselves, node-postgres and PGlite with `{ rows }`.
    return Array.isArray(result) ? result : (result as { readonly rows: Awaited<ReturnType<Run>> }).rows;
  };
}

/** Drizzle numbers parameters by where they stand: one that is named twice is given twice. */
function toSql({ text, params }: Statement): SQL {
  const query = sql.empty();
  let at = 0;
  for (const match of text.matchAll(/\$(\d+)/g)) {
    query.append(sql.raw(text.slice(at, match.index)));
    query.append(sql`${params[Number(match[1]) - 1]}`);
    at = match.index + match[0].length;
  }
  return query.append(sql.raw(text.slice(at)));
}

/** What the body threw, to be told from what the database did. */
export class BodyFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('the body failed');
    this.error = error;
  }
}

export function orFailure<T>(body: Promise<T>): Promise<T> {
  return body.catch((error: unknown) => {
    throw new BodyFailure(error);
  });
}

/** Awaits all, then fails with the first that failed in order: none is left running, and none unhandled. */
export function all<T extends readonly unknown[]>(promises: [...T]): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  return new Promise((resolve, reject) => {
    const values: unknown[] = [];
    let failure: { readonly index: number; readonly error: unknown } | undefined;
    let left = promises.length;
    if (left === 0) resolve(values as never);
    const end = () => {
      if (--left > 0) return;
      if (failure) reject(failure.error);
      else resolve(values as { [K in keyof T]: Awaited<T[K]> });
    };
    promises.forEach((promise, index) => {
      Promise.resolve(promise).then(
        (value) => {
          values[index] = value;
          end();
        },
        (error: unknown) => {
          if (!failure || index < failure.index) failure = { index, error };
          end();
        },
      );
    });
  });
}
