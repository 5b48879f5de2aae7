import { isOncekeyError } from '@oncekey/server';
import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import type { CrashPoint } from './crash/crash.ts';
import type { Db } from './database.ts';
import { idempotency } from './idempotency.ts';
import type { Person } from './session/person.ts';

export interface Context {
  readonly db: Db;
  readonly person: Person | null;
  /** What the page calls this attempt; for the lab's timeline. */
  readonly attempt: string;
  /** Where in its life the visitor wants this request's server to be killed. */
  readonly crashAt: CrashPoint | undefined;
  setPerson(person: Person | null): Promise<void>;
}

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

export const administrator = signedIn.use(({ ctx, next }) => {
  if (ctx.person !== 'admin') throw new TRPCError({ code: 'FORBIDDEN', message: 'This is for administrators.' });
  return next();
});

/** The message of an unexpected error may hold a statement and its parameters: it stays here. */
function hideInternals<Shape extends { message: string }>(shape: Shape, error: TRPCError): Shape {
  if (error.code !== 'INTERNAL_SERVER_ERROR' || isOncekeyError(error)) return shape;
  return { ...shape, message: 'Something went wrong on the server.' };
}
