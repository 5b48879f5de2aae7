import { createIdempotency } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import superjson from 'superjson';
import { type Db, db } from './database.ts';
import type { Person } from './session/person.ts';

/** The server's and the worker's: what one has begun, the other goes on with. */
export const idempotency = createIdempotency<{ person: Person; db: Db }>({
  store: drizzleStore(db, { events: 'all' }),
  scope: ({ ctx }) => ctx.person,
  actor: ({ ctx }) => ctx.person,
  transformer: superjson,
});
