import { asc, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../database.ts';
import { idempotency } from '../idempotency.ts';
import { router, signedIn } from '../trpc.ts';
import { chatMessages } from './tables.ts';

const NewMessage = z.object({
  body: z.string().trim().min(1, 'Write something first.').max(2_000, 'At most 2,000 characters.'),
});
const SHOWN = 100;
/** How long the same words mean the same message, where nothing else says so. */
const CONTENT_WINDOW = '10s';

type KeyedBy = 'client' | 'server' | 'content' | 'nobody';
interface WriteContext {
  readonly db: Pick<Db, 'insert'>;
  readonly person: string;
  readonly idempotency?: { readonly executionId: string };
}

/** A person's room is named after them: nobody else reads it. */
async function write(ctx: WriteContext, body: string, keyedBy: KeyedBy) {
  const [message] = await ctx.db
    .insert(chatMessages)
    .values({ room: ctx.person, author: ctx.person, body, keyedBy, executionId: ctx.idempotency?.executionId })
    .returning({ id: chatMessages.id, at: chatMessages.at });
  if (!message) throw new Error('the insert returned no row');
  return message;
}

export const messagesRouter = router({
  /** A key is required: a client that sends none is told so. */
  send: signedIn
    .input(NewMessage)
    .concat(idempotency.transactional())
    .mutation(({ ctx, input }) => write(ctx, input.body, 'client')),

  /** Without a key the server makes one: there is always a record, but a retry is another intent. */
  sendGenerated: signedIn
    .input(NewMessage)
    .concat(idempotency.transactional({ key: 'generate' }))
    .mutation(({ ctx, input }) => write(ctx, input.body, 'server')),

  /** Without a key the same words within a few seconds are the same message. */
  sendDerived: signedIn
    .input(NewMessage)
    .concat(idempotency.transactional({ key: 'derive', dedupe: { for: CONTENT_WINDOW } }))
    .mutation(({ ctx, input }) => write(ctx, input.body, 'content')),

  /** As it was: the key column was NULL, and NULL equals nothing. */
  sendUnprotected: signedIn.input(NewMessage).mutation(({ ctx, input }) => write(ctx, input.body, 'nobody')),

  /** The newest, oldest first. */
  list: signedIn.query(async ({ ctx }) => {
    const newest = ctx.db
      .select()
      .from(chatMessages)
      .where(eq(chatMessages.room, ctx.person))
      .orderBy(desc(chatMessages.id))
      .limit(SHOWN)
      .as('newest');
    return ctx.db
      .select({ id: newest.id, body: newest.body, keyedBy: newest.keyedBy, at: newest.at })
      .from(newest)
      .orderBy(asc(newest.id));
  }),
});
