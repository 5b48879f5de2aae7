import type { Change } from '@oncekey/demo-outside';
import type { Steps } from '@oncekey/server';
import { eq, sql } from 'drizzle-orm';
import { type Db, db } from '../database.ts';
import { environment } from '../environment.ts';
import { idempotency } from '../idempotency.ts';
import { accounting } from '../invoices/accounting-client.ts';
import { findMail, messageIdOf, sendWelcome } from './mailer.ts';
import { crashOnce } from './planned-crash.ts';
import { customers, syncCursors, tasks } from './tables.ts';

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
type Task = typeof tasks.$inferSelect;

/** The worker's part: whatever happens to workers, each task has its effect once. */
export async function runTask(taskId: string): Promise<void> {
  const [task] = await db
    .update(tasks)
    .set({ state: 'running', attempts: sql`${tasks.attempts} + 1` })
    .where(sql`${tasks.id} = ${taskId} and ${tasks.state} in ('queued', 'running')`)
    .returning();
  if (!task) return;
  await idempotency.execute(
    { mode: 'leased', operation: `tasks.${task.kind}`, scope: 'worker', key: `task-${taskId}`, lease: '3s' },
    async (steps) => {
      const result = await WORK[task.kind](task, steps);
      await steps.transactionalStep('end', (tx) => end(tx, task, result));
    },
  );
}

const WORK: Readonly<Record<Task['kind'], (task: Task, steps: Steps<Tx>) => Promise<string>>> = {
  async welcome(task, { step }) {
    const { to = '', name = '' } = task.input;
    const mail = await step(
      'mail',
      async ({ key }) => {
        const sent = await sendWelcome(to, name, messageIdOf(key));
        await crashOnce(task);
        return sent;
      },
      { check: ({ key }) => findMail(messageIdOf(key)) },
    );
    return `Sent as ${mail.messageId}.`;
  },

  async payment(task, { step }) {
    const { reference = '', cents = 0 } = task.input;
    const entry = await step(
      'charge',
      async ({ key, signal }) => {
        const entered = await accounting.enter({ kind: 'payment', reference, cents }, key, signal);
        await crashOnce(task);
        return entered;
      },
      { check: ({ key }) => accounting.find(key) },
    );
    return `Entered as ${entry.id}.`;
  },

  /** Each page's rows and the cursor behind them in one commit: what is read again changes nothing. */
  async sync(task, { transactionalStep }) {
    for (let pages = 0; ; pages++) {
      const [cursor] = await db.select().from(syncCursors).where(eq(syncCursors.feed, 'crm'));
      const since = cursor?.revision ?? 0;
      const changes = await readChanges(since);
      const last = changes.at(-1);
      if (!last) return pages === 0 ? 'Nothing had changed.' : `Read up to revision ${since}.`;
      await transactionalStep(`after ${since}`, async (tx) => {
        await upsert(tx, changes);
        await tx
          .insert(syncCursors)
          .values({ feed: 'crm', revision: last.revision })
          .onConflictDoUpdate({ target: syncCursors.feed, set: { revision: last.revision } });
      });
      if (pages === 1) await crashOnce(task);
    }
  },
};

async function readChanges(since: number): Promise<Change[]> {
  const response = await fetch(`${environment.outsideUrl}/crm/changes?since=${since}`, {
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the customer database answered ${response.status}`);
  return (await response.json()) as Change[];
}

/** The newest of each contact: one statement must not touch a row twice. */
async function upsert(tx: Tx, changes: readonly Change[]): Promise<void> {
  const newest = new Map(changes.map((change) => [change.contactId, change]));
  await tx
    .insert(customers)
    .values([...newest.values()])
    .onConflictDoUpdate({
      target: customers.contactId,
      set: { name: sql`excluded.name`, city: sql`excluded.city`, revision: sql`excluded.revision` },
      setWhere: sql`${customers.revision} < excluded.revision`,
    });
}

async function end(tx: Tx, { id, executionId }: Task, result: string): Promise<void> {
  await tx.update(tasks).set({ state: 'succeeded', result, endedAt: sql`now()` }).where(eq(tasks.id, id));
  await idempotency.settle(executionId, 'succeeded', tx);
}
