import { index, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';
import { agencies } from '../agencies/tables.ts';

/**
 * The intent's key catches a retry; the domain's own rule, one conversation with an agency, catches a second intent: the
 * person who forgot, or has two tabs open. Messages have no such rule: there the key alone does it.
 */
export const conversations = pgTable(
  'conversations',
  {
    id: uuid().primaryKey().defaultRandom(),
    agencyId: text('agency_id')
      .notNull()
      .references(() => agencies.id),
    startedBy: text('started_by').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('conversations_agency_person').on(table.agencyId, table.startedBy),
    index('conversations_started_by_idx').on(table.startedBy, table.createdAt),
  ],
);

export const messages = pgTable(
  'messages',
  {
    id: uuid().primaryKey().defaultRandom(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversations.id),
    author: text().notNull(),
    body: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('messages_conversation_id_idx').on(table.conversationId, table.createdAt)],
);
