import { sql } from 'drizzle-orm';
import { check, customType, index, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/**
 * One row an intent: what was asked under a key, and what was answered. Take it into your own Drizzle schema
 * (`export * from '@oncekey/server/drizzle'`), or create it with `migrate` or the SQL in `migrations/`.
 */
export const oncekeyRecords = pgTable(
  'oncekey_records',
  {
    scope: text().notNull(),
    key: text().notNull(),
    operation: text().notNull(),
    fingerprint: bytes().notNull(),
    executionId: uuid('execution_id').notNull(),
    /** As text, since jsonb would reorder keys and refuse \u0000, and a replay is the first answer to the last byte. */
    result: text(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    // What makes it true: everything else only spares work. Scope first, so that it shards by scope.
    primaryKey({ name: 'oncekey_records_pkey', columns: [table.scope, table.key] }),
    index('oncekey_records_expires_at_idx').on(table.expiresAt),
    // NULL is kept out by NOT NULL; this keeps out its disguise.
    check('oncekey_records_id_check', sql`${table.scope} <> '' and ${table.key} <> ''`),
  ],
);
