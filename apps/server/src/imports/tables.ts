import { index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** Which column of the file is which of ours. */
export interface Mapping {
  readonly name: string;
  readonly email: string;
  readonly city: string;
}

/** Files that a person has uploaded, by the hash of their content: the same file again is the same row. */
export const uploads = pgTable(
  'uploads',
  {
    person: text().notNull(),
    hash: text().notNull(),
    name: text().notNull(),
    columns: jsonb().$type<readonly string[]>().notNull(),
    sample: jsonb().$type<readonly (readonly string[])[]>().notNull(),
    rows: integer().notNull(),
    uploadedAt: timestamp('uploaded_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.person, table.hash] })],
);

export const importJobs = pgTable(
  'import_jobs',
  {
    id: uuid().primaryKey().defaultRandom(),
    person: text().notNull(),
    fileHash: text('file_hash').notNull(),
    fileName: text('file_name').notNull(),
    mapping: jsonb().$type<Mapping>().notNull(),
    /** The execution that began it; when it ends, its dedupe key is free. */
    executionId: uuid('execution_id').notNull(),
    state: text({ enum: ['running', 'succeeded', 'failed', 'cancelled', 'superseded'] })
      .notNull()
      .default('running'),
    rowsDone: integer('rows_done').notNull().default(0),
    rowsTotal: integer('rows_total').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    endedAt: timestamp('ended_at', { withTimezone: true }),
    problem: text(),
  },
  (table) => [index('import_jobs_person_idx').on(table.person, table.createdAt)],
);

export const contacts = pgTable(
  'contacts',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => importJobs.id),
    row: integer().notNull(),
    name: text().notNull(),
    email: text().notNull(),
    city: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.row] })],
);
