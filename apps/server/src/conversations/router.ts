import { TRPCError } from '@trpc/server';
import { and, count, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { agencies } from '../agencies/tables.ts';
import { idempotency } from '../idempotency.ts';
import { oncekeyRecords } from '../schema.ts';
import { router, signedIn } from '../trpc.ts';
import { conversations, messages } from './tables.ts';

const NewConversation = z.object({
  agencyId: z.string().min(1).max(64),
  message: z.string().trim().min(1, 'Write a message first.').max(2_000, 'At most 2,000 characters.'),
});

/** How many of a person's conversations and records the page shows. */
const SHOWN = 50;

export const conversationsRouter = router({
  /**
   * A message to an agency, once a key. The conversation is the person's one with this agency: a second intent finds it, is
   * answered 200 like the first, and its message is added to it.
   */
  start: signedIn
    .input(NewConversation)
    .concat(idempotency.transactional())
    .mutation(async ({ ctx, input }) => {
      const [agency] = await ctx.db.select().from(agencies).where(eq(agencies.id, input.agencyId));
      if (!agency) throw new TRPCError({ code: 'NOT_FOUND', message: 'This agency does not exist.' });
      const shown = { id: conversations.id, agencyId: conversations.agencyId, createdAt: conversations.createdAt };
      const [started] = await ctx.db
        .insert(conversations)
        .values({ agencyId: agency.id, startedBy: ctx.person })
        .onConflictDoNothing()
        .returning(shown);
      const [existing] = started
        ? []
        : await ctx.db.select(shown).from(conversations).where(between(agency.id, ctx.person));
      const conversation = started ?? existing;
      if (!conversation) throw new Error('the conversation is neither new nor there');
      await ctx.db
        .insert(messages)
        .values({ conversationId: conversation.id, author: ctx.person, body: input.message });
      return { ...conversation, isNew: started !== undefined };
    }),

  /** What the page asks before it opens the form. In the story this check timed out, and the form opened all the same. */
  find: signedIn.input(z.object({ agencyId: z.string().max(64) })).query(async ({ ctx, input }) => {
    const [found] = await ctx.db
      .select({ id: conversations.id })
      .from(conversations)
      .where(between(input.agencyId, ctx.person));
    return found ?? null;
  }),

  /** The person's own, newest first. */
  list: signedIn.query(async ({ ctx }) => {
    const first = ctx.db
      .selectDistinctOn([messages.conversationId], { conversationId: messages.conversationId, body: messages.body })
      .from(messages)
      .orderBy(messages.conversationId, messages.createdAt)
      .as('first');
    return ctx.db
      .select({
        id: conversations.id,
        createdAt: conversations.createdAt,
        agency: { id: agencies.id, name: agencies.name },
        message: first.body,
        messages: ctx.db.$count(messages, eq(messages.conversationId, conversations.id)),
      })
      .from(conversations)
      .innerJoin(agencies, eq(agencies.id, conversations.agencyId))
      .innerJoin(first, eq(first.conversationId, conversations.id))
      .where(eq(conversations.startedBy, ctx.person))
      .orderBy(desc(conversations.createdAt))
      .limit(SHOWN);
  }),

  /** What PostgreSQL holds for this person, counted by SQL at this moment. */
  counts: signedIn.query(async ({ ctx }) => {
    const [started] = await ctx.db
      .select({ count: count() })
      .from(conversations)
      .where(eq(conversations.startedBy, ctx.person));
    const [written] = await ctx.db.select({ count: count() }).from(messages).where(eq(messages.author, ctx.person));
    const records = await ctx.db
      .select({ key: oncekeyRecords.key, operation: oncekeyRecords.operation, createdAt: oncekeyRecords.createdAt })
      .from(oncekeyRecords)
      .where(eq(oncekeyRecords.scope, ctx.person))
      .orderBy(desc(oncekeyRecords.createdAt))
      .limit(SHOWN);
    return {
      conversations: started?.count ?? 0,
      messages: written?.count ?? 0,
      records: records.map((record) => ({ ...record, key: shorten(record.key) })),
    };
  }),
});

function between(agencyId: string, person: string) {
  return and(eq(conversations.agencyId, agencyId), eq(conversations.startedBy, person));
}

/** The end of a UUIDv7 is its random part: enough to tell keys apart, too little to use one. */
function shorten(key: string): string {
  return key.length > 8 ? `…${key.slice(-6)}` : key;
}
