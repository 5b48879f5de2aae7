import { eq, inArray, isNull } from 'drizzle-orm';
import { closeDatabase, db, migrateDatabase, onNotification } from './database.ts';
import { idempotency } from './idempotency.ts';
import { runImport } from './imports/run-import.ts';
import { importJobs } from './imports/tables.ts';
import { sendInvoice } from './invoices/send-invoice.ts';
import { invoices } from './invoices/tables.ts';
import { boss, closeJobs, enqueue, type Jobs } from './jobs.ts';
import { logError } from './log.ts';
import { runTask } from './tasks/run-task.ts';
import { tasks } from './tasks/tables.ts';

const WORK: { readonly [Name in keyof Jobs]: (job: Jobs[Name]) => Promise<void> } = {
  'imports.run': ({ jobId }) => runImport(jobId),
  'invoices.send': ({ invoiceId }) => sendInvoice(invoiceId),
  'tasks.run': ({ taskId }) => runTask(taskId),
};

/** How long running jobs have when the worker is told to stop, in ms. */
const GRACE_MS = 500;

await migrateDatabase();
const queue = await boss();
for (const name of Object.keys(WORK) as (keyof Jobs)[]) await work(name);
await wakeUnfinished();
await onNotification('demo_kill_workers', () => process.kill(process.pid, 'SIGKILL'));

async function work<Name extends keyof Jobs>(name: Name): Promise<void> {
  await queue.work<Jobs[Name]>(name, { pollingIntervalSeconds: 0.5, localConcurrency: 2 }, async ([job]) => {
    if (!job) return;
    try {
      await WORK[name](job.data);
    } catch (error) {
      logError(`${name} failed and is tried again`, error);
      throw error;
    }
  });
}

/**
 * What a worker that died has left. Its jobs come back by themselves when their heartbeat is missed; this is sooner. Whether
 * it is still at work elsewhere does not matter: a job is a wake-up, and its lease says who works.
 */
async function wakeUnfinished(): Promise<void> {
  const [imports, sending, open] = await Promise.all([
    db.select({ id: importJobs.id }).from(importJobs).where(eq(importJobs.state, 'running')),
    db.select({ id: invoices.id }).from(invoices).where(isNull(invoices.paidAt)),
    db
      .select({ id: tasks.id })
      .from(tasks)
      .where(inArray(tasks.state, ['queued', 'running'])),
  ]);
  for (const { id } of imports) await enqueue(db, 'imports.run', { jobId: id });
  for (const { id } of sending) await enqueue(db, 'invoices.send', { invoiceId: id });
  for (const { id } of open) await enqueue(db, 'tasks.run', { taskId: id });
}

const stop = async () => {
  setTimeout(() => process.exit(0), GRACE_MS).unref();
  await closeJobs();
  await idempotency.close({ within: GRACE_MS });
  await closeDatabase();
  process.exit(0);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
