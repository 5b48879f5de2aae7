import { TRPCError } from '@trpc/server';
import { and, count, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { idempotency } from '../idempotency.ts';
import { enqueue } from '../jobs.ts';
import { router, signedIn } from '../trpc.ts';
import { contacts, importJobs, uploads } from './tables.ts';

const column = z.string().min(1).max(200);
const NewImport = z.object({
  fileHash: z.string().regex(/^[0-9a-f]{64}$/),
  mapping: z.object({ name: column, email: column, city: column }),
});
type NewImport = z.infer<typeof NewImport>;
const SHOWN = 30;

export const importsRouter = router({
  /**
   * The job and its row in the queue in one transaction. While it runs, the same file with the same mapping is answered with
   * it, whoever of the person's tabs asks; when it has ended, that is a new import. A late retry of the first click is still
   * the first import: its key says so.
   */
  start: signedIn
    .input(NewImport)
    .concat(
      idempotency.transactional({
        dedupe: {
          by: ({ input: { fileHash, mapping } }: { input: NewImport }) => [fileHash, mapping],
          while: 'running',
          on: 'replay',
        },
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const mine = and(eq(uploads.person, ctx.person), eq(uploads.hash, input.fileHash));
      const [file] = await ctx.db.select().from(uploads).where(mine);
      if (!file) throw new TRPCError({ code: 'NOT_FOUND', message: 'Upload the file first.' });
      const missing = Object.values(input.mapping).find((name) => !file.columns.includes(name));
      if (missing !== undefined) {
        throw new TRPCError({ code: 'BAD_REQUEST', message: `The file has no column “${missing}”.` });
      }
      const [job] = await ctx.db
        .insert(importJobs)
        .values({
          person: ctx.person,
          fileHash: file.hash,
          fileName: file.name,
          mapping: input.mapping,
          executionId: ctx.idempotency.executionId,
          rowsTotal: file.rows,
        })
        .returning({ id: importJobs.id });
      if (!job) throw new Error('the insert returned no row');
      await enqueue(ctx.db, 'imports.run', { jobId: job.id });
      return { jobId: job.id };
    }),

  /** What was imported stays; the rest is not. */
  cancel: signedIn
    .input(z.object({ jobId: z.uuid() }))
    .concat(idempotency.transactional())
    .mutation(async ({ ctx, input }) => {
      const [job] = await ctx.db
        .update(importJobs)
        .set({ state: 'cancelled', endedAt: new Date() })
        .where(and(eq(importJobs.id, input.jobId), eq(importJobs.person, ctx.person), eq(importJobs.state, 'running')))
        .returning({ executionId: importJobs.executionId });
      if (job) await idempotency.settle(job.executionId, 'cancelled', ctx.db);
      return { isCancelled: job !== undefined };
    }),

  list: signedIn.query(({ ctx }) =>
    ctx.db
      .select()
      .from(importJobs)
      .where(eq(importJobs.person, ctx.person))
      .orderBy(desc(importJobs.createdAt))
      .limit(SHOWN),
  ),

  /** Rows that PostgreSQL holds for this person, and how many different ones. */
  counts: signedIn.query(async ({ ctx }) => {
    const [rows] = await ctx.db
      .select({ contacts: count() })
      .from(contacts)
      .innerJoin(importJobs, eq(importJobs.id, contacts.jobId))
      .where(eq(importJobs.person, ctx.person));
    const [jobs] = await ctx.db.select({ jobs: count() }).from(importJobs).where(eq(importJobs.person, ctx.person));
    return { contacts: rows?.contacts ?? 0, jobs: jobs?.jobs ?? 0 };
  }),
});
