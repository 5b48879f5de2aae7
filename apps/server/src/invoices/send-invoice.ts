import { eq, sql } from 'drizzle-orm';
import { db } from '../database.ts';
import { idempotency } from '../idempotency.ts';
import { accounting } from './accounting-client.ts';
import { sendKey } from './send-key.ts';
import { invoices } from './tables.ts';

/**
 * The worker's part: enters the invoice and its payment at the accounting service, each once. After a crash the service is
 * asked before anything is entered again; and should it be asked to enter it all the same, it knows the request id.
 */
export async function sendInvoice(invoiceId: string): Promise<void> {
  const [invoice] = await db.select().from(invoices).where(eq(invoices.id, invoiceId));
  if (!invoice) return;
  const { number: reference, cents } = invoice;
  await idempotency.execute(
    { mode: 'leased', operation: 'invoices.send', scope: 'worker', key: sendKey(invoiceId), lease: '3s' },
    async ({ step, transactionalStep }) => {
      const entered = await step(
        'invoice',
        ({ key, signal }) => accounting.enter({ kind: 'invoice', reference, cents }, key, signal),
        {
          check: ({ key }) => accounting.find(key),
        },
      );
      await transactionalStep('entered', (tx) =>
        tx.update(invoices).set({ accountingId: entered.id }).where(eq(invoices.id, invoiceId)),
      );
      const payment = await step(
        'payment',
        ({ key, signal }) => accounting.enter({ kind: 'payment', reference, cents }, key, signal),
        {
          check: ({ key }) => accounting.find(key),
        },
      );
      await transactionalStep('paid', (tx) =>
        tx.update(invoices).set({ paymentId: payment.id, paidAt: sql`now()` }).where(eq(invoices.id, invoiceId)),
      );
      return { entered: entered.id, payment: payment.id };
    },
  );
}
