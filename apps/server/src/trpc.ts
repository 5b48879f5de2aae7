import { createIdempotency, isOncekeyError } from '@oncekey/server';
import { drizzleStore } from '@oncekey/server/drizzle';
import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { type Db, db } from './database.ts';
import type { Person } from './session/person.ts';

export interface Context {
  readonly db: Db;
  readonly person: Person | null;
  setPerson(person: Person | null): Promise<void>;
}

export const idempotency = createIdempotency<{ person: Person; db: Db }>({
  store: drizzleStore(db),
  scope: ({ ctx }) => ctx.person,
  transformer: superjson,
});

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  isDev: false, // stacks are for the log
  errorFormatter: idempotency.errorFormatterWith(({ shape, error }) => hideInternals(shape, error)),
});

export const router = t.router;

/** The base of every procedure. */
export const anyone = t.procedure.concat(idempotency.intake);

export const signedIn = anyone.use(({ ctx, next }) => {
  if (!ctx.person) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' });
  return next({ ctx: { person: ctx.person } });
});

/** The message of an unexpected error may hold a statement and its parameters: it stays here. */
function hideInternals<Shape extends { message: string }>(shape: Shape, error: TRPCError): Shape {
  if (error.code !== 'INTERNAL_SERVER_ERROR' || isOncekeyError(error)) return shape;
  return { ...shape, message: 'Something went wrong on the server.' };
}
