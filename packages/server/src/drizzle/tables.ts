import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true });

/**
 * One row an intent: what was asked under a key, and what became of it. Take the three tables into your own Drizzle
 * schema (`export * from '@oncekey/server/drizzle'`), or create them with `migrate` or the SQL in `migrations/`.
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
    createdAt: time('created_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
    state: text({ enum: ['running', 'succeeded', 'failed', 'abandoned'] })
      .notNull()
      .default('succeeded'),
    /** The fence: only ever raised, also where an expired row is taken for a new execution. */
    attempt: integer().notNull().default(1),
    /** While `running`: until when the owner may be alive. In the past: the next attempt takes over. */
    leaseExpiresAt: time('lease_expires_at'),
    /** NULL: none is held. */
    dedupeKey: text('dedupe_key'),
    /** NULL beside a dedupe key: held until it is settled. */
    dedupeUntil: time('dedupe_until'),
  },
  (table) => [
    // What makes it true: everything else only spares work. Scope first, so that it shards by scope.
    primaryKey({ name: 'oncekey_records_pkey', columns: [table.scope, table.key] }),
    uniqueIndex('oncekey_records_dedupe_idx')
      .on(table.scope, table.operation, table.dedupeKey)
      .where(sql`${table.dedupeKey} is not null`),
    // For `settle`, which knows only the execution.
    index('oncekey_records_unsettled_idx').on(table.executionId).where(sql`${table.dedupeKey} is not null`),
    index('oncekey_records_expires_at_idx').on(table.expiresAt),
    // NULL is kept out by NOT NULL; this keeps out its disguise.
    check('oncekey_records_id_check', sql`${table.scope} <> '' and ${table.key} <> ''`),
    check('oncekey_records_lease_check', sql`(${table.state} = 'running') = (${table.leaseExpiresAt} is not null)`),
  ],
);

/** The finished steps of leased executions. Gone with their record. */
export const oncekeySteps = pgTable(
  'oncekey_steps',
  {
    scope: text().notNull(),
    executionId: uuid('execution_id').notNull(),
    name: text().notNull(),
    attempt: integer().notNull(),
    result: text(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ name: 'oncekey_steps_pkey', columns: [table.scope, table.executionId, table.name] })],
);

/** What happened, append-only: see `drizzleStore(db, { events })`. */
export const oncekeyEvents = pgTable(
  'oncekey_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: time('at').notNull().defaultNow(),
    kind: text().notNull(),
    scope: text().notNull(),
    key: text().notNull(),
    operation: text().notNull(),
    executionId: uuid('execution_id'),
    attempt: integer(),
    actor: text(),
    detail: jsonb(),
  },
  (table) => [
    index('oncekey_events_id_idx').on(table.scope, table.key),
    // Rows come in the order of their time: a few bytes an index, for the purge.
    index('oncekey_events_at_idx').using('brin', table.at),
  ],
);
