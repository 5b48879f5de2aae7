import { OncekeyError } from '@oncekey/core';
import type { TRPCProcedureBuilder, TRPCUnsetMarker } from '@trpc/server';
import { type Duration, toMilliseconds } from './duration.ts';
import { createEngine } from './engine.ts';
import { createResultFormat, type Transformer } from './result-format.ts';
import type { Store } from './store.ts';
import { errorFormatter } from './trpc/error-format.ts';
import { intake } from './trpc/intake.ts';
import { fromRequest, responseMeta, withKey } from './trpc/request-keys.ts';
import { type Idempotency, transactionalProcedure } from './trpc/transactional.ts';

/** The transaction type of a context's `db`, as its own `db.transaction(async (tx) => …)` gives it. */
export type TransactionOf<Db> = Db extends { transaction(run: (tx: infer Tx) => Promise<unknown>): unknown }
  ? Tx
  : never;

/** What a context must have for the handler's writes to join the transaction. */
export interface DatabaseContext {
  // biome-ignore lint/suspicious/noExplicitAny: a generic method's parameter is only matched by any; TransactionOf reads it
  readonly db: { transaction(run: (tx: any) => Promise<any>): unknown };
}

export interface IdempotencyOptions<Ctx extends DatabaseContext> extends CallOptions {
  /** Where records live, such as `drizzleStore(db)`: the database that the handlers write to. */
  readonly store: Store<TransactionOf<Ctx['db']>>;
  /**
   * Who may see a stored result again: a user's or a tenant's id, 1 to 255 characters, taken from the server's own
   * context. There is no default: a scope that two people share shows one the other's answers.
   */
  readonly scope: (opts: { readonly ctx: Ctx }) => string;
  /** The router's own transformer, so that replayed Dates, Maps and BigInts come back as themselves. */
  readonly transformer?: Transformer;
}

/** Set for all operations in `createIdempotency`, or for one where it is protected. */
export interface CallOptions {
  /** How long a result is remembered, at least a second. Default: `'24h'`. */
  readonly retention?: Duration;
  /** How long a duplicate waits for the first before it gets IN_PROGRESS. Default: `'10s'`. */
  readonly wait?: Duration;
  /** `'reject'`: a duplicate gets IN_PROGRESS at once. Default: `'wait'`. */
  readonly whenBusy?: 'wait' | 'reject';
}

type Piece<Context extends object, Overrides extends object> = TRPCProcedureBuilder<
  Context,
  object,
  Overrides,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  false
>;

/** What `createIdempotency` gives. */
export interface IdempotencyPlugin<Ctx extends DatabaseContext> {
  /** First on the base procedure: `t.procedure.concat(idempotency.intake)`. */
  readonly intake: Piece<object, object>;

  /**
   * Makes a mutation happen once a key, for effects that live in the store's database: claim, the handler's writes and
   * the result commit together or not at all. In the handler `ctx.db` is the transaction; what it writes elsewhere is
   * not protected.
   *
   * Put it after `.input()` and the app's own middlewares, and before `.output()`: an output that fails its parser
   * *after* the commit would be an error for something that happened.
   *
   * @example user.input(NewInvoice).concat(idempotency.transactional()).mutation(({ ctx, input }) => ctx.db.insert(…))
   */
  transactional(options?: CallOptions): Piece<Ctx, { db: TransactionOf<Ctx['db']>; idempotency: Idempotency }>;
  /** For a procedure without a person: whoever knows the key sees the answer, so keys must be unguessable. */
  transactional(
    options: CallOptions & { readonly scope: 'public' },
  ): Piece<{ db: Ctx['db'] }, { db: TransactionOf<Ctx['db']>; idempotency: Idempotency }>;

  /** For `createContext`: `{ …idempotency.fromRequest(opts) }` makes the `Idempotency-Key` header count. */
  readonly fromRequest: typeof fromRequest;
  /** For an adapter: sends `Idempotency-Replayed`. */
  readonly responseMeta: typeof responseMeta;
  /** For `initTRPC.create`: sends `data.oncekey` with an error. */
  readonly errorFormatter: typeof errorFormatter;
  /** A context with a key, for `createCaller`. */
  readonly withKey: typeof withKey;
}

/** No person's scope begins so: see {@link checkScope}. */
const PUBLIC_SCOPE = '~public';
const MAX_SCOPE_LENGTH = 255;

/**
 * One key per user intent, one effect per key, for a tRPC router.
 *
 * @example
 * const idempotency = createIdempotency<{ user: User; db: Db }>({
 *   store: drizzleStore(db),
 *   scope: ({ ctx }) => ctx.user.id,
 *   transformer: superjson,
 * });
 * @throws {RangeError} if a duration is not one
 */
export function createIdempotency<Ctx extends DatabaseContext>(
  options: IdempotencyOptions<Ctx>,
): IdempotencyPlugin<Ctx> {
  const results = createResultFormat(options.transformer);
  const engine = createEngine(options.store, results);
  const scopeOf = (ctx: object) => checkScope(options.scope({ ctx: ctx as Ctx }));
  // Checked here too, so that a wrong option fails the start and not the first request.
  readTimes(options);

  const transactional = (call: CallOptions & { readonly scope?: 'public' } = {}) =>
    transactionalProcedure({
      engine,
      results,
      scopeOf: call.scope === 'public' ? () => PUBLIC_SCOPE : scopeOf,
      ...readTimes({ ...options, ...call }),
    });

  return {
    // tRPC infers what a piece asks of the context from its middlewares' bodies. Ours are written once for every app, so
    // what they ask and give is said in `IdempotencyPlugin`, and proven by the type tests.
    intake: intake as unknown as Piece<object, object>,
    transactional: transactional as unknown as IdempotencyPlugin<Ctx>['transactional'],
    fromRequest,
    responseMeta,
    errorFormatter,
    withKey,
  };
}

function readTimes({ retention = '24h', wait = '10s', whenBusy = 'wait' }: CallOptions) {
  const waitMs = toMilliseconds(wait, 'wait');
  return { retentionMs: toMilliseconds(retention, 'retention', 1_000), waitMs: whenBusy === 'reject' ? 0 : waitMs };
}

function checkScope(scope: unknown): string {
  if (typeof scope === 'string' && scope !== '' && scope.length <= MAX_SCOPE_LENGTH && !scope.startsWith('~')) {
    return scope;
  }
  throw new OncekeyError(
    'MISCONFIGURED',
    'oncekey: the scope must be a string of 1 to 255 characters that does not begin with "~". For a procedure without a person say scope: \'public\'.',
  );
}
