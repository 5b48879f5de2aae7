import { and, eq, inArray, ne, sql } from 'drizzle-orm';
import { type Db, db } from '../database.ts';
import { idempotency } from '../idempotency.ts';
import { chunksOf } from './csv.ts';
import { contacts, importJobs } from './tables.ts';
import { fileOf } from './upload.ts';

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
type Job = typeof importJobs.$inferSelect;

const ROWS_A_STEP = 2_000;

class Cancelled extends Error {}

/**
 * The worker's part. Each step's rows, the progress and the step's own end are one commit: a worker that takes over goes on
 * after the last one, and an old one that comes back is refused.
 */
export async function runImport(jobId: string): Promise<void> {
  const [job] = await db.select().from(importJobs).where(eq(importJobs.id, jobId));
  if (job?.state !== 'running') return;
  await idempotency.execute(
    { mode: 'leased', operation: 'imports.run', scope: 'worker', key: `import-${jobId}`, lease: '3s' },
    async ({ transactionalStep }) => {
      try {
        await transactionalStep('begin', (tx) =>
          tx.update(importJobs).set({ startedAt: sql`now()` }).where(eq(importJobs.id, jobId)),
        );
        for await (const { first, rows } of chunksOf(fileOf(job.fileHash), job.mapping, ROWS_A_STEP)) {
          await transactionalStep(`rows from ${first}`, async (tx) => {
            await tx.insert(contacts).values(rows.map((row, index) => ({ jobId, row: first + index + 1, ...row })));
            await advance(tx, jobId, first + rows.length);
          });
        }
        await transactionalStep('end', (tx) => end(tx, job));
      } catch (error) {
        if (!(error instanceof Cancelled)) throw error;
      }
    },
  );
}

async function advance(tx: Tx, jobId: string, rowsDone: number): Promise<void> {
  const isRunning = and(eq(importJobs.id, jobId), eq(importJobs.state, 'running'));
  const [still] = await tx.update(importJobs).set({ rowsDone }).where(isRunning).returning({ id: importJobs.id });
  if (!still) throw new Cancelled('the import was cancelled');
}

/** This one counts now: what earlier imports of the same file have left is replaced. */
async function end(tx: Tx, { id, person, fileHash, executionId }: Job): Promise<void> {
  const isRunning = and(eq(importJobs.id, id), eq(importJobs.state, 'running'));
  const [ended] = await tx
    .update(importJobs)
    .set({ state: 'succeeded', endedAt: sql`now()` })
    .where(isRunning)
    .returning({ id: importJobs.id });
  if (!ended) throw new Cancelled('the import was cancelled');
  const earlier = await tx
    .update(importJobs)
    .set({ state: 'superseded' })
    .where(
      and(
        eq(importJobs.person, person),
        eq(importJobs.fileHash, fileHash),
        ne(importJobs.id, id),
        inArray(importJobs.state, ['succeeded', 'cancelled']),
      ),
    )
    .returning({ id: importJobs.id });
  if (earlier.length > 0)
    await tx.delete(contacts).where(
      inArray(
        contacts.jobId,
        earlier.map((job) => job.id),
      ),
    );
  await idempotency.settle(executionId, 'succeeded', tx);
}
