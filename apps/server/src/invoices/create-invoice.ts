import { TRPCError } from '@trpc/server';
import { eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { enqueue } from '../jobs.ts';
import { nextNumber } from './number.ts';
import { invoicedOrders, invoices, orders } from './tables.ts';

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

/**
 * Writes an invoice for orders of one customer, with its number and the job that sends it, all in one transaction.
 *
 * @throws {TRPCError} NOT_FOUND, BAD_REQUEST, or CONFLICT with the invoice that an order is on already
 */
export async function createInvoice(tx: Tx, orderIds: readonly number[], by: { person: string; executionId: string }) {
  const wanted = await tx
    .select()
    .from(orders)
    .where(inArray(orders.id, [...orderIds]));
  if (wanted.length !== orderIds.length) throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such order.' });
  const [customer, ...others] = new Set(wanted.map((order) => order.customer));
  if (customer === undefined || others.length > 0) {
    throw new TRPCError({ code: 'BAD_REQUEST', message: 'An invoice is for one customer: choose orders of the same.' });
  }

  const number = await nextNumber(tx); // from here on, one invoice at a time
  await refuseInvoiced(tx, orderIds);
  const cents = wanted.reduce((sum, order) => sum + order.cents, 0);
  const [invoice] = await tx
    .insert(invoices)
    .values({ number, customer, cents, createdBy: by.person, executionId: by.executionId })
    .returning();
  if (!invoice) throw new Error('the insert returned no row');
  await tx.insert(invoicedOrders).values(orderIds.map((orderId) => ({ orderId, invoiceId: invoice.id })));
  await enqueue(tx, 'invoices.send', { invoiceId: invoice.id });
  return { id: invoice.id, number, cents, createdAt: invoice.createdAt };
}

async function refuseInvoiced(tx: Tx, orderIds: readonly number[]): Promise<void> {
  const [taken] = await tx
    .select({
      orderId: invoicedOrders.orderId,
      number: invoices.number,
      by: invoices.createdBy,
      at: sql<string>`to_char(${invoices.createdAt}, 'HH24:MI')`,
    })
    .from(invoicedOrders)
    .innerJoin(invoices, eq(invoices.id, invoicedOrders.invoiceId))
    .where(inArray(invoicedOrders.orderId, [...orderIds]))
    .limit(1);
  if (!taken) return;
  const name = taken.by.charAt(0).toUpperCase() + taken.by.slice(1);
  throw new TRPCError({
    code: 'CONFLICT',
    message: `Order ${taken.orderId} is already on invoice ${taken.number}, created by ${name} at ${taken.at}.`,
  });
}
