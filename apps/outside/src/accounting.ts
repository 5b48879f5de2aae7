import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Journal } from './journal.ts';

/** What the accounting service and the bank have in their books. */
export interface Entry {
  readonly kind: 'invoice' | 'payment';
  readonly id: string;
  /** The caller's name for what it meant: asked for again, the first entry is the answer. `null`: it gave none. */
  readonly requestId: string | null;
  /** The invoice's number. */
  readonly reference: string;
  readonly cents: number;
  readonly at: string;
}

const NewEntry = z.object({
  kind: z.enum(['invoice', 'payment']),
  reference: z.string().min(1).max(100),
  cents: z.number().int().positive(),
});

/** Takes invoices and payments as accounting services do: with a request id, once; without, as often as it is asked. */
export function accounting(ledger: Journal<Entry>) {
  const withRequestId = (requestId: string | undefined) =>
    requestId === undefined ? undefined : ledger.entries.find((entry) => entry.requestId === requestId);

  return new Hono()
    .post('/entries', async (c) => {
      const parsed = NewEntry.safeParse(await c.req.json().catch(() => undefined));
      if (!parsed.success) return c.json({ error: 'expected { kind, reference, cents }' }, 400);
      const requestId = c.req.query('requestid');
      const known = withRequestId(requestId);
      if (known) return c.json(known);
      const entry = { ...parsed.data, id: randomUUID(), requestId: requestId ?? null, at: new Date().toISOString() };
      return c.json(ledger.append(entry), 201);
    })
    .get('/entries', (c) => {
      const { requestid, reference } = c.req.query();
      if (requestid !== undefined) return c.json([withRequestId(requestid)].filter(Boolean));
      const entries = ledger.entries.filter((entry) => reference === undefined || entry.reference === reference);
      return c.json(entries.slice(-200));
    });
}
