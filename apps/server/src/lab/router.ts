import { and, asc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { crashNow, crashPoint } from '../crash/crash.ts';
import { startSecondServer } from '../crash/second-server.ts';
import type { Db } from '../database.ts';
import { idempotency } from '../idempotency.ts';
import { oncekeyEvents } from '../schema.ts';
import { type Context, router, signedIn } from '../trpc.ts';
import { labEffects } from './tables.ts';

const Press = z.object({ run: z.uuid() });
const MOST_SHOWN = 1_000;

type PressContext = Pick<Context, 'attempt' | 'crashAt'> & { readonly person: string; readonly db: Pick<Db, 'insert'> };

/** The one effect of the lab's button, whichever lane it is pressed in. */
async function press(ctx: PressContext, lane: 'without' | 'with', run: string, requestId?: string): Promise<number> {
  const row = { run, person: ctx.person, lane, attempt: ctx.attempt, requestId };
  const [effect] = await ctx.db.insert(labEffects).values(row).returning({ id: labEffects.id });
  await crashPoint(ctx.crashAt, 'inside');
  return effect?.id ?? 0;
}

export const labRouter = router({
  // #region without
  pressWithout: signedIn
    .input(Press)
    .mutation(({ ctx, input }) => ctx.db.transaction((db) => press({ ...ctx, db }, 'without', input.run))),
  // #endregion

  // #region with
  pressWith: signedIn
    .input(Press)
    .concat(idempotency.transactional())
    .mutation(({ ctx, input }) => press(ctx, 'with', input.run)),
  // #endregion

  // #region elsewhere
  /** The effect is another system's: it is there at once, whatever becomes of us. That system can be asked. */
  pressElsewhere: signedIn
    .input(Press)
    .concat(idempotency.leased({ lease: '2s' }))
    .mutation(({ ctx, input }) =>
      ctx.idempotency.step('press', ({ key }) => press(ctx, 'with', input.run, key), {
        check: ({ key }) => findPress(ctx.db, key),
      }),
    ),
  // #endregion

  // #region unasked
  /** The limit: the other system takes no request id and cannot be asked. A crash right after it may repeat it. */
  pressUnasked: signedIn
    .input(Press)
    .concat(idempotency.leased({ lease: '2s' }))
    .mutation(({ ctx, input }) => ctx.idempotency.step('press', () => press(ctx, 'with', input.run))),
  // #endregion

  /** As a power cut would; the demo starts another. */
  killServer: signedIn.mutation(() => crashNow()),

  /** For the run that freezes one of two. */
  startSecondServer: signedIn.mutation(() => startSecondServer().then(() => null)),

  /** What PostgreSQL holds of a run, and what oncekey has written down of its key. */
  run: signedIn.input(z.object({ run: z.uuid(), key: z.string().max(64) })).query(async ({ ctx, input }) => {
    const [effects, events] = await Promise.all([
      ctx.db
        .select({ id: labEffects.id, lane: labEffects.lane, attempt: labEffects.attempt, at: labEffects.at })
        .from(labEffects)
        .where(and(eq(labEffects.run, input.run), eq(labEffects.person, ctx.person)))
        .orderBy(asc(labEffects.id))
        .limit(MOST_SHOWN),
      ctx.db
        .select({
          id: oncekeyEvents.id,
          kind: oncekeyEvents.kind,
          at: oncekeyEvents.at,
          attempt: oncekeyEvents.attempt,
        })
        .from(oncekeyEvents)
        .where(and(eq(oncekeyEvents.scope, ctx.person), inArray(oncekeyEvents.key, [input.key])))
        .orderBy(asc(oncekeyEvents.id))
        .limit(MOST_SHOWN),
    ]);
    return { effects, events, now: new Date() };
  }),
});

async function findPress(db: Db, requestId: string): Promise<number | undefined> {
  const [effect] = await db.select({ id: labEffects.id }).from(labEffects).where(eq(labEffects.requestId, requestId));
  return effect?.id;
}
