import { TRPCError } from '@trpc/server';
import { and, asc, desc, eq, or } from 'drizzle-orm';
import { z } from 'zod';
import { idempotency } from '../idempotency.ts';
import { oncekeyEvents } from '../schema.ts';
import { router, signedIn } from '../trpc.ts';
import { accounting } from './accounting-client.ts';
import { createInvoice } from './create-invoice.ts';
import { sendKey } from './send-key.ts';
import { invoicedOrders, invoices, orders } from './tables.ts';

const NewInvoice = z.object({
  orderIds: z
    .array(z.number().int())
    .min(1, 'Choose at least one order.')
    .max(50)
    .refine((ids) => new Set(ids).size === ids.length, 'An order is named twice.'),
});
const SHOWN = 100;

/** The company's books: everyone who is signed in works in the same ones. */
export const invoicesRouter = router({
  orders: signedIn.query(({ ctx }) =>
    ctx.db
      .select({
        id: orders.id,
        customer: orders.customer,
        item: orders.item,
        cents: orders.cents,
        orderedAt: orders.orderedAt,
        invoice: invoices.number,
      })
      .from(orders)
      .leftJoin(invoicedOrders, eq(invoicedOrders.orderId, orders.id))
      .leftJoin(invoices, eq(invoices.id, invoicedOrders.invoiceId))
      .orderBy(asc(orders.id)),
  ),

  create: signedIn
    .input(NewInvoice)
    .concat(idempotency.transactional())
    .mutation(({ ctx, input }) =>
      createInvoice(ctx.db, input.orderIds, { person: ctx.person, executionId: ctx.idempotency.executionId }),
    ),

  list: signedIn.query(({ ctx }) => ctx.db.select().from(invoices).orderBy(desc(invoices.number)).limit(SHOWN)),

  /** Who did what about an invoice, and when; and what the accounting service has in its own ledger. */
  audit: signedIn.input(z.object({ number: z.string().max(20) })).query(async ({ ctx, input }) => {
    const [invoice] = await ctx.db.select().from(invoices).where(eq(invoices.number, input.number));
    if (!invoice) throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such invoice.' });
    const events = await ctx.db
      .select({
        id: oncekeyEvents.id,
        at: oncekeyEvents.at,
        kind: oncekeyEvents.kind,
        actor: oncekeyEvents.actor,
        operation: oncekeyEvents.operation,
      })
      .from(oncekeyEvents)
      .where(
        or(
          eq(oncekeyEvents.executionId, invoice.executionId),
          and(eq(oncekeyEvents.scope, 'worker'), eq(oncekeyEvents.key, sendKey(invoice.id))),
        ),
      )
      .orderBy(asc(oncekeyEvents.id));
    return { invoice, events, ledger: await accounting.about(invoice.number).catch(() => undefined) };
  }),

  /** How bad a day the accounting service has. */
  outside: signedIn.query(() => accounting.trouble().catch(() => null)),
  troubleOutside: signedIn
    .input(z.object({ delayMs: z.number().int().min(0).max(5_000), loseAnswers: z.number().int().min(0).max(10) }))
    .mutation(({ input }) => accounting.setTrouble(input)),
});
