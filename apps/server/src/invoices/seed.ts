import type { Db } from '../database.ts';
import { orders } from './tables.ts';

const ITEMS = [
  ['Studio Mira', 'Logo and letterhead', 84_000],
  ['Studio Mira', 'Photographs, half a day', 52_000],
  ['Harbour & Finch', 'Van hire, three days', 31_500],
  ['Harbour & Finch', 'Packing material', 8_750],
  ['Kestrel Legal', 'Lease review', 46_000],
  ['Orchard Lane', 'Room for the spring term', 120_000],
  ['Orchard Lane', 'Piano tuning', 9_500],
  ['Lindqvist Care', 'Bicycles, serviced', 23_900],
] as const;
const ROUNDS = 3;
const HOUR_MS = 3_600_000;

/** Safe to run at every start, by any number of processes. */
export async function seedOrders(db: Db): Promise<void> {
  const rows = Array.from({ length: ROUNDS }, () => ITEMS)
    .flat()
    .map(([customer, item, cents], index) => ({
      id: 1_041 + index,
      customer,
      item,
      cents,
      orderedAt: new Date(Date.now() - (ROUNDS * ITEMS.length - index) * 5 * HOUR_MS),
    }));
  await db.insert(orders).values(rows).onConflictDoNothing();
}
