import { setTimeout as sleep } from 'node:timers/promises';
import { oncekeyErrorData } from '@oncekey/core';
import { TRPCError } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { drizzleStore } from '../../src/drizzle/index.ts';
import { createApp, type Db, insertEffect } from '../fixture.ts';

/** One thing that a process does. */
export interface Operation {
  readonly kind: 'transact' | 'lease' | 'abandon' | 'lapse';
  readonly person: string;
  readonly key: string;
  /** The request: the same under one key, or KEY_REUSED. */
  readonly input: string;
  /** What becomes of the handler. */
  readonly handler: 'succeeds' | 'fails' | 'refuses';
  readonly takesMs: number;
}

export type Result =
  | { readonly end: 'answered'; readonly executionId: string; readonly input: string }
  | { readonly end: 'refused'; readonly code: string }
  | { readonly end: 'failed'; readonly message: string }
  | { readonly end: 'abandoned' | 'not abandoned' | 'lapsed' };

/** What one process of an app can do, over its own pool. */
export function createProcess(db: Db): (operation: Operation) => Promise<Result> {
  const app = createApp(db, { store: drizzleStore(db, { events: 'outcomes' }), wait: '5s' });
  const readInput = (raw: unknown) => raw as { text: string };
  // How the handler goes is no part of the request: a retry may go otherwise.
  const plans = new WeakMap<object, Operation>();

  async function play(ctx: object): Promise<void> {
    const plan = plans.get((ctx as { db: object; plan: object }).plan);
    if (!plan) return;
    if (plan.takesMs > 0) await sleep(plan.takesMs);
    if (plan.handler === 'fails') throw new Error('the handler failed');
    if (plan.handler === 'refuses') throw new TRPCError({ code: 'CONFLICT', message: 'the handler refused' });
  }

  const router = app.t.router({
    transact: app.user
      .input(readInput)
      .concat(app.idempotency.transactional())
      .mutation(async ({ ctx, input }) => {
        await insertEffect(ctx.db, `${ctx.user} ${ctx.idempotency.key}`);
        await play(ctx);
        return { executionId: ctx.idempotency.executionId, input: input.text };
      }),
    lease: app.user
      .input(readInput)
      .concat(app.idempotency.leased())
      .mutation(async ({ ctx, input }) => {
        const note = `${ctx.user} ${ctx.idempotency.key}`;
        await ctx.idempotency.transactionalStep('book', (tx) => insertEffect(tx, note));
        await play(ctx);
        return { executionId: ctx.idempotency.executionId, input: input.text };
      }),
    idempotency: app.idempotency.outcomes(app.user),
  });

  return async (operation) => {
    const { kind, person, key, input } = operation;
    if (kind === 'lapse') {
      await db.execute(sql`update oncekey_records set lease_expires_at = now()
        where scope = ${person} and key = ${key} and state = 'running'`);
      return { end: 'lapsed' };
    }
    const plan = {};
    plans.set(plan, operation);
    const caller = app.t.createCallerFactory(router)({ ...app.contextOf(key, person), plan } as never);
    try {
      if (kind === 'abandon') {
        const { state } = await caller.idempotency.abandon({ key });
        return { end: state === 'abandoned' ? 'abandoned' : 'not abandoned' };
      }
      return { end: 'answered', ...(await caller[kind]({ text: input })) };
    } catch (error) {
      const code = oncekeyErrorData(error)?.code;
      if (code) return { end: 'refused', code };
      return { end: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  };
}
