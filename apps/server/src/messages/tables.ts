import { bigint, index, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** A chat's messages. No column holds a key: it is never NULL because it is never here. */
export const chatMessages = pgTable(
  'chat_messages',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    room: text().notNull(),
    author: text().notNull(),
    body: text().notNull(),
    /** How its key came to be. */
    keyedBy: text('keyed_by', { enum: ['client', 'server', 'content', 'nobody'] }).notNull(),
    executionId: uuid('execution_id'),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('chat_messages_room_idx').on(table.room, table.id)],
);
