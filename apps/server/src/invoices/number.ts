import { sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { invoiceNumbers } from './tables.ts';

/**
 * The next invoice number: `INV-0042`. The counter's row is locked until the transaction ends, so numbers follow each other,
 * and one whose invoice is rolled back is given again: there are no gaps.
 */
export async function nextNumber(tx: Pick<Db, 'insert'>): Promise<string> {
  const [row] = await tx
    .insert(invoiceNumbers)
    .values({ newest: 1 })
    .onConflictDoUpdate({ target: invoiceNumbers.only, set: { newest: sql`${invoiceNumbers.newest} + 1` } })
    .returning({ newest: invoiceNumbers.newest });
  if (!row) throw new Error('the counter returned no row');
  return `INV-${String(row.newest).padStart(4, '0')}`;
}
