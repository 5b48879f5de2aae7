import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Db } from './database.ts';
import { environment } from './environment.ts';

/**
 * What the workers do. A job is a wake-up and no more: what is to be done, and whether it was, stands in the feature's own
 * table and in oncekey's records, so a job that comes twice does nothing twice.
 */
export interface Jobs {
  'imports.run': { readonly jobId: string };
  'invoices.send': { readonly invoiceId: string };
  'tasks.run': { readonly taskId: string };
}

const QUEUES: readonly (keyof Jobs)[] = ['imports.run', 'invoices.send', 'tasks.run'];

/** Tried for about a quarter of an hour; a worker that has died gives its job back after ten seconds. */
const QUEUE = { retryLimit: 40, retryDelay: 1, retryBackoff: true, retryDelayMax: 20, heartbeatSeconds: 10 };

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

let started: Promise<PgBoss> | undefined;

/** The queue. Its tables are its own, in a schema of their own, made at the first start. */
export function boss(): Promise<PgBoss> {
  started ??= start();
  return started;
}

async function start(): Promise<PgBoss> {
  const queue = new PgBoss({ connectionString: environment.databaseUrl, max: 3, schedule: false });
  queue.on('error', () => {}); // the database is away: each job says so for itself
  await queue.start();
  for (const name of QUEUES) await queue.createQueue(name, QUEUE);
  return queue;
}

export async function closeJobs(): Promise<void> {
  if (started) await (await started).stop({ graceful: false });
}

/** Queues a job in the same transaction as what it is about: both are there, or neither. */
export async function enqueue<Name extends keyof Jobs>(tx: Db | Tx, name: Name, job: Jobs[Name]): Promise<void> {
  await (await boss()).send(name, job, { db: fromDrizzle(tx, sql) });
}
