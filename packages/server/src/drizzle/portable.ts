import { type DrizzleDatabase, type Executor, orFailure, runThrough, type Transact } from './transaction.ts';

/** Transactions through `db.transaction`: on every driver, one flight a statement. */
export function transactPortably<Tx extends Executor>(db: DrizzleDatabase<Tx>): Transact<Tx> {
  return async (plan) => {
    try {
      await db.transaction(async (tx) => {
        const run = runThrough(tx);
        const opened = await plan.open(run);
        const close = await orFailure(plan.body(tx, opened));
        if (!close) throw new RollBack();
        await close(run);
      });
    } catch (error) {
      if (error instanceof RollBack) return false;
      throw error;
    }
    return true;
  };
}

/** Drizzle rolls back what throws. */
class RollBack extends Error {}
