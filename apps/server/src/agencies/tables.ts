import { pgTable, text } from 'drizzle-orm/pg-core';

export const agencies = pgTable('agencies', {
  id: text().primaryKey(),
  name: text().notNull(),
  city: text().notNull(),
  about: text().notNull(),
});
