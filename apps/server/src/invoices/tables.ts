import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const orders = pgTable('orders', {
  id: integer().primaryKey(),
  customer: text().notNull(),
  item: text().notNull(),
  cents: integer().notNull(),
  orderedAt: timestamp('ordered_at', { withTimezone: true }).notNull(),
});

/** The number of the newest invoice. Raised in the transaction that writes the invoice, so numbers have no gaps. */
export const invoiceNumbers = pgTable(
  'invoice_numbers',
  { only: boolean().primaryKey().default(true), newest: integer().notNull().default(0) },
  (table) => [check('invoice_numbers_only_check', sql`${table.only}`)],
);

export const invoices = pgTable(
  'invoices',
  {
    id: uuid().primaryKey().defaultRandom(),
    number: text().notNull().unique(),
    customer: text().notNull(),
    cents: integer().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** The execution that wrote it: its record and its events are the audit trail. */
    executionId: uuid('execution_id').notNull(),
    /** What the accounting service calls it, once it was sent. */
    accountingId: text('accounting_id').unique(),
    paymentId: text('payment_id').unique(),
    paidAt: timestamp('paid_at', { withTimezone: true }),
  },
  (table) => [index('invoices_created_at_idx').on(table.createdAt)],
);

/** The domain's own rule, which holds whoever asks under whatever key: an order is on one invoice. */
export const invoicedOrders = pgTable('invoiced_orders', {
  orderId: integer('order_id')
    .primaryKey()
    .references(() => orders.id),
  invoiceId: uuid('invoice_id')
    .notNull()
    .references(() => invoices.id),
});
