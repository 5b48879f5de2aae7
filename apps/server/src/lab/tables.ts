import { bigint, index, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/**
 * What the lab's button does: one row an effect. On purpose there is no unique constraint that could do the library's
 * work, and both lanes write the same.
 */
export const labEffects = pgTable(
  'lab_effects',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    run: uuid().notNull(),
    person: text().notNull(),
    lane: text({ enum: ['without', 'with'] }).notNull(),
    /** Which attempt of the page's has made it. */
    attempt: text().notNull(),
    /** What the caller said it meant; for a system that can be asked. */
    requestId: text('request_id'),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('lab_effects_run_idx').on(table.run, table.lane)],
);
