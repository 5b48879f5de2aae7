import type { Db } from '../database.ts';
import { agencies } from './tables.ts';

/** Safe to run at every start, by any number of processes. */
export async function seedAgencies(db: Db): Promise<void> {
  await db
    .insert(agencies)
    .values([
      { id: 'harbour', name: 'Harbour & Finch', city: 'Rotterdam', about: 'Moves and relocations for small teams.' },
      { id: 'lindqvist', name: 'Lindqvist Care', city: 'Uppsala', about: 'Home care, matched by neighbourhood.' },
      { id: 'orchard', name: 'Orchard Lane', city: 'Bristol', about: 'Tutors for maths and music, evenings too.' },
      { id: 'mira', name: 'Studio Mira', city: 'Porto', about: 'Brand and web design for family businesses.' },
      { id: 'kestrel', name: 'Kestrel Legal', city: 'Dublin', about: 'Plain-spoken advice on tenancy and work.' },
    ])
    .onConflictDoNothing();
}
