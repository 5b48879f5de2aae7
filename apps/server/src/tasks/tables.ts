import { index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const tasks = pgTable(
  'tasks',
  {
    id: uuid().primaryKey().defaultRandom(),
    person: text().notNull(),
    kind: text({ enum: ['welcome', 'payment', 'sync'] }).notNull(),
    input: jsonb().$type<TaskInput>().notNull(),
    /** The execution that asked for it. */
    executionId: uuid('execution_id').notNull(),
    state: text({ enum: ['queued', 'running', 'succeeded', 'failed'] })
      .notNull()
      .default('queued'),
    /** How often a worker has taken it up. */
    attempts: integer().notNull().default(0),
    /** What came of it, in a sentence. */
    result: text(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (table) => [index('tasks_person_idx').on(table.person, table.createdAt)],
);

export interface TaskInput {
  readonly to?: string;
  readonly name?: string;
  readonly cents?: number;
  readonly reference?: string;
  /** The worst moment: the worker kills itself once, right after the other system has said yes. */
  readonly crash?: boolean;
}

/** Customers as the CRM has them: the newest revision of each. */
export const customers = pgTable('customers', {
  contactId: text('contact_id').primaryKey(),
  name: text().notNull(),
  city: text().notNull(),
  revision: integer().notNull(),
});

/** Up to which revision the feed was read; moved with the rows that it stands for. */
export const syncCursors = pgTable('sync_cursors', {
  feed: text().primaryKey(),
  revision: integer().notNull(),
});

/** Workers that have killed themselves for a task, so that they do it once. */
export const plannedCrashes = pgTable('planned_crashes', {
  taskId: uuid('task_id').primaryKey(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
});
