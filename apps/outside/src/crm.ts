import { Hono } from 'hono';

export interface Change {
  readonly revision: number;
  readonly contactId: string;
  readonly name: string;
  readonly city: string;
}

const NAMES = ['Ada Byron', 'Grace Lund', 'Edsger Smit', 'Barbara Frank', 'Donald Mora', 'Radia Holm', 'Tony Vale'];
const CITIES = ['Porto', 'Dublin', 'Uppsala', 'Bristol', 'Rotterdam', 'Graz'];
const CHANGES = 400;
const CONTACTS = 60;

/** A feed of changes to read from a cursor: contacts change again and again, and the newest change counts. */
const feed: readonly Change[] = Array.from({ length: CHANGES }, (_, index) => ({
  revision: index + 1,
  contactId: `contact-${(index * 7) % CONTACTS}`,
  name: NAMES[(index * 7) % NAMES.length] ?? '',
  city: CITIES[index % CITIES.length] ?? '',
}));

export const crm = new Hono().get('/changes', (c) => {
  const since = Number(c.req.query('since') ?? '0');
  const limit = Math.min(Number(c.req.query('limit') ?? '50'), 100);
  return c.json(feed.filter(({ revision }) => revision > since).slice(0, limit));
});
