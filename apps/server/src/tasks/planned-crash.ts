import { crashNow } from '../crash/crash.ts';
import { db } from '../database.ts';
import { plannedCrashes, type tasks } from './tables.ts';

/** Kills this worker once for a task that asks for it: the other system has said yes, and nobody here has written it down. */
export async function crashOnce({ id, input }: Pick<typeof tasks.$inferSelect, 'id' | 'input'>): Promise<void> {
  if (!input.crash) return;
  const [planned] = await db.insert(plannedCrashes).values({ taskId: id }).onConflictDoNothing().returning();
  if (planned) crashNow();
}
