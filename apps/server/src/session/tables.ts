import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, text } from 'drizzle-orm/pg-core';

/** One row: what signs the sessions, so that they survive a restart of the server. */
export const sessionSecrets = pgTable(
  'session_secrets',
  {
    only: boolean().primaryKey().default(true),
    secret: text().notNull(),
  },
  (table) => [check('session_secrets_only_check', sql`${table.only}`)],
);
