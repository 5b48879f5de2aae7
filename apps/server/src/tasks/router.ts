import type { Mail } from '@oncekey/demo-outside';
import { desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../database.ts';
import { environment } from '../environment.ts';
import { idempotency } from '../idempotency.ts';
import { enqueue } from '../jobs.ts';
import { router, signedIn } from '../trpc.ts';
import { customers, type TaskInput, tasks } from './tables.ts';

const crash = z.boolean().default(false);
const Welcome = z.object({
  name: z.string().trim().min(1, 'Who is it for?').max(100),
  to: z.email('This is no mail address.'),
  crash,
});
const Payment = z.object({
  reference: z.string().trim().min(1).max(60),
  cents: z.number().int().min(1).max(10_000_000),
  crash,
});
const SHOWN = 50;

interface TaskContext {
  readonly db: Parameters<Parameters<Db['transaction']>[0]>[0];
  readonly person: string;
  readonly idempotency: { readonly executionId: string };
}

/** The task and its job, in the transaction of the click. */
async function begin(ctx: TaskContext, kind: typeof tasks.$inferInsert.kind, input: TaskInput) {
  const [task] = await ctx.db
    .insert(tasks)
    .values({ person: ctx.person, kind, input, executionId: ctx.idempotency.executionId })
    .returning({ id: tasks.id });
  if (!task) throw new Error('the insert returned no row');
  await enqueue(ctx.db, 'tasks.run', { taskId: task.id });
  return { taskId: task.id };
}

export const tasksRouter = router({
  /** Whoever welcomes the same address again within ten minutes has forgotten that they did. */
  welcome: signedIn
    .input(Welcome)
    .concat(
      idempotency.transactional({
        dedupe: { by: ({ input }: { input: { to: string } }) => [input.to.toLowerCase()], for: '10m', on: 'conflict' },
      }),
    )
    .mutation(({ ctx, input }) => begin(ctx, 'welcome', input)),

  payment: signedIn
    .input(Payment)
    .concat(idempotency.transactional())
    .mutation(({ ctx, input }) => begin(ctx, 'payment', input)),

  /** One at a time: while it runs, whoever asks for it is answered with the one that runs. */
  sync: signedIn
    .input(z.object({ crash }))
    .concat(idempotency.transactional({ dedupe: { by: () => ['crm'], while: 'running', on: 'replay' } }))
    .mutation(({ ctx, input }) => begin(ctx, 'sync', input)),

  list: signedIn.query(({ ctx }) =>
    ctx.db.select().from(tasks).where(eq(tasks.person, ctx.person)).orderBy(desc(tasks.createdAt)).limit(SHOWN),
  ),

  customers: signedIn.query(({ ctx }) => ctx.db.$count(customers)),

  /** What has arrived at the addresses that this person has written to. */
  mailbox: signedIn.query(async ({ ctx }) => {
    const own = await ctx.db
      .selectDistinct({ to: sql<string>`${tasks.input} ->> 'to'` })
      .from(tasks)
      .where(eq(tasks.person, ctx.person));
    const addresses = new Set(own.map(({ to }) => to));
    const response = await fetch(`${environment.outsideUrl}/mailbox`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    if (!response?.ok) return null;
    const mails = (await response.json()) as Mail[];
    return mails.filter((mail) => mail.to.some((to) => addresses.has(to))).reverse();
  }),

  /** Kills the workers as a power cut would; the demo starts new ones. */
  killWorkers: signedIn.mutation(({ ctx }) =>
    ctx.db.execute(sql`select pg_notify('demo_kill_workers', '')`).then(() => null),
  ),
});
