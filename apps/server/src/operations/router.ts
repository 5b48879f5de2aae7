import { drizzleStore } from '@oncekey/server/drizzle';
import { and, asc, count, desc, eq, gt, ilike, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { db } from '../database.ts';
import { oncekeyEvents, oncekeyRecords, oncekeySteps } from '../schema.ts';
import { administrator, router } from '../trpc.ts';
import { latencies } from './latency.ts';
import { purgeRun } from './purge-run.ts';

const RecordId = z.object({ scope: z.string().min(1).max(255), key: z.string().min(1).max(255) });
const Search = z.object({
  text: z.string().trim().max(255).default(''),
  state: z.enum(['running', 'succeeded', 'failed', 'abandoned']).optional(),
});
const SHOWN = 100;
const DAY_MS = 86_400_000;

/** How oncekey is doing, for administrators only. Never what was asked or answered: that is the person's. */
export const operationsRouter = router({
  /** Whatever is typed is looked for in keys, operations and people. */
  records: administrator.input(Search).query(({ ctx, input }) => {
    const like = `%${input.text.replaceAll(/[\\%_]/g, '\\$&')}%`;
    const { scope, key, operation, state, executionId, attempt, createdAt, expiresAt, leaseExpiresAt, dedupeKey } =
      oncekeyRecords;
    return ctx.db
      .select({
        scope,
        key,
        operation,
        state,
        executionId,
        attempt,
        createdAt,
        expiresAt,
        leaseExpiresAt,
        isDeduped: sql<boolean>`${dedupeKey} is not null`,
      })
      .from(oncekeyRecords)
      .where(
        and(
          input.text === '' ? undefined : or(ilike(key, like), ilike(operation, like), ilike(scope, like)),
          input.state && eq(state, input.state),
        ),
      )
      .orderBy(desc(createdAt))
      .limit(SHOWN);
  }),

  /** The life of one key: its record, its steps, and what was written down about it. */
  life: administrator.input(RecordId).query(async ({ ctx, input }) => {
    const [record] = await ctx.db
      .select()
      .from(oncekeyRecords)
      .where(and(eq(oncekeyRecords.scope, input.scope), eq(oncekeyRecords.key, input.key)));
    const [events, steps] = await Promise.all([
      ctx.db
        .select()
        .from(oncekeyEvents)
        .where(and(eq(oncekeyEvents.scope, input.scope), eq(oncekeyEvents.key, input.key)))
        .orderBy(asc(oncekeyEvents.id))
        .limit(SHOWN),
      record
        ? ctx.db
            .select({ name: oncekeySteps.name, attempt: oncekeySteps.attempt, at: oncekeySteps.createdAt })
            .from(oncekeySteps)
            .where(and(eq(oncekeySteps.scope, input.scope), eq(oncekeySteps.executionId, record.executionId)))
            .orderBy(asc(oncekeySteps.createdAt))
            .limit(SHOWN)
        : [],
    ]);
    if (!record) return { record: null, events, steps };
    const { fingerprint: _fingerprint, result, ...shown } = record;
    return { record: { ...shown, resultBytes: result?.length ?? 0 }, events, steps };
  }),

  /** Settles a key for good, on somebody's behalf. */
  abandon: administrator.input(RecordId).mutation(async ({ ctx, input }) => {
    const options = { bornAt: undefined, retentionMs: DAY_MS, actor: ctx.person };
    const { abandoned } = await drizzleStore(db, { events: 'all' }).abandon(input, options);
    return { isAbandoned: abandoned };
  }),

  /** Events of the last hour, by minute and kind; and how long requests took. */
  plots: administrator.query(async ({ ctx }) => {
    const minute = sql<string>`date_trunc('minute', ${oncekeyEvents.at})`;
    const series = await ctx.db
      .select({ minute: sql<number>`extract(epoch from ${minute})::int`, kind: oncekeyEvents.kind, count: count() })
      .from(oncekeyEvents)
      .where(gt(oncekeyEvents.at, sql`now() - interval '1 hour'`))
      .groupBy(minute, oncekeyEvents.kind)
      .orderBy(asc(minute));
    return { series, latencies: latencies().slice(-500) };
  }),

  /** How many records have expired: what a purge would delete. */
  expired: administrator.query(async ({ ctx }) => {
    const [row] = await ctx.db
      .select({ count: count() })
      .from(oncekeyRecords)
      .where(lt(oncekeyRecords.expiresAt, sql`now()`));
    return { records: row?.count ?? 0, total: await ctx.db.$count(oncekeyRecords), purge: purgeRun.get() };
  }),
  purge: administrator.mutation(async ({ ctx }) =>
    purgeRun.start(await ctx.db.$count(oncekeyRecords, lt(oncekeyRecords.expiresAt, sql`now()`))),
  ),
});
