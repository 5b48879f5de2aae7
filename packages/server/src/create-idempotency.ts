import type { TRPCProcedureBuilder, TRPCUnsetMarker } from '@trpc/server';
import {
  type CallOptions,
  type InputOptions,
  type LeasedOptions,
  readProtection,
  type TransactionalOptions,
} from './call-options.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { createEngine } from './engine.ts';
import { type Listener, Listeners } from './events.ts';
import {
  createExecute,
  type Executed,
  type ExecuteLeased,
  type ExecuteTransactional,
  type LeasedHandlerOptions,
  type TransactionalHandlerOptions,
} from './execute.ts';
import { type PurgeOptions, type PurgeResult, purge } from './purge.ts';
import type { ResultCodec } from './result-codec.ts';
import { createResultFormat, type Transformer } from './result-format.ts';
import { checkScope, PUBLIC_SCOPE } from './scope.ts';
import { SettledCache } from './settled-cache.ts';
import type { SettledOutcome, Store } from './store.ts';
import { errorFormatter, type Formatter, formattedBy } from './trpc/error-format.ts';
import { intake } from './trpc/intake.ts';
import { type OutcomeProcedures, outcomeProcedures } from './trpc/outcomes.ts';
import { type Idempotency, type LeasedIdempotency, leasedProcedure, transactionalProcedure } from './trpc/protected.ts';
import { fromRequest, responseMeta, withKey } from './trpc/request-keys.ts';

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
  /** Who did it, for the audit: the person, where the scope is a tenant. */
  readonly actor?: (opts: { readonly ctx: Ctx }) => string;
  /** The router's own transformer, so that replayed Dates, Maps and BigInts come back as themselves. */
  readonly transformer?: Transformer;
  /** How results are kept at rest, such as `aesGcm({ keys, current })`. Default: as JSON text. */
  readonly codec?: ResultCodec;
  /** The largest result that is stored, in bytes of its JSON. Default: 1 MiB. */
  readonly maxResultBytes?: number;
  /**
   * Keeps answers that this process has given in memory, up to so many bytes, and answers their replays without the
   * database. Never stale: a settled record does not change until it expires. Default: none.
   */
  readonly cache?: { readonly maxBytes: number };
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
  transactional(
    options?: TransactionalOptions<InputOptions<Ctx>>,
  ): Piece<Ctx, { db: TransactionOf<Ctx['db']>; idempotency: Idempotency }>;
  /** For a procedure without a person: whoever knows the key sees the answer, so keys must be unguessable. */
  transactional(
    options: TransactionalOptions<InputOptions<{ db: Ctx['db'] }>> & { readonly scope: 'public' },
  ): Piece<{ db: Ctx['db'] }, { db: TransactionOf<Ctx['db']>; idempotency: Idempotency }>;

  /**
   * Makes a mutation happen once a key, for effects that live elsewhere: a payment API, mail, a long job. A claim with a
   * lease is committed first; should its owner die, the next attempt takes over, so the handler runs *at least* once:
   * `ctx.idempotency.step` makes each of its effects happen once. `ctx.db` stays what it is.
   *
   * @example
   * user.input(Push).concat(idempotency.leased()).mutation(({ ctx, input }) =>
   *   ctx.idempotency.step('push', ({ key }) => accounting.create(input, { requestId: key })))
   */
  leased(
    options?: LeasedOptions<InputOptions<Ctx>>,
  ): Piece<Ctx, { idempotency: LeasedIdempotency<TransactionOf<Ctx['db']>> }>;
  /** For a procedure without a person, as with `transactional`. */
  leased(
    options: LeasedOptions<InputOptions<{ db: Ctx['db'] }>> & { readonly scope: 'public' },
  ): Piece<{ db: Ctx['db'] }, { idempotency: LeasedIdempotency<TransactionOf<Ctx['db']>> }>;

  /**
   * The same outside of tRPC: for workers, webhooks and cron.
   *
   * @throws {OncekeyError} as a procedure does, and what the handler throws
   * @example
   * const { data } = await idempotency.execute(
   *   { mode: 'leased', operation: 'mail.welcome', scope: 'worker', key: job.id, input: job.data },
   *   ({ step }) => step('send', ({ key }) => mailer.send(job.data, { messageId: key })),
   * );
   */
  execute<T>(
    request: ExecuteTransactional,
    handler: (options: TransactionalHandlerOptions<TransactionOf<Ctx['db']>>) => Promise<T>,
  ): Promise<Executed<T>>;
  execute<T>(
    request: ExecuteLeased,
    handler: (options: LeasedHandlerOptions<TransactionOf<Ctx['db']>>) => Promise<T>,
  ): Promise<Executed<T>>;

  /**
   * `outcome({ key })` and `abandon({ key })` on a base procedure of the app's own, for `oncekey`'s clients.
   *
   * @example t.router({ invoices, idempotency: idempotency.outcomes(user) })
   */
  outcomes(base: object, options?: { readonly scope?: 'public' }): OutcomeProcedures;

  /**
   * Says how the work ended that an execution had set off (`dedupe: { while: 'running', until: 'settled' }`): its dedupe
   * key is free. `false`: it holds none.
   *
   * @param tx the transaction that it is part of, if any
   */
  settle(executionId: string, outcome: SettledOutcome, tx?: TransactionOf<Ctx['db']>): Promise<boolean>;

  /** Deletes what has expired: from a timer, or with `npx oncekey purge`. */
  purge(options?: PurgeOptions): Promise<PurgeResult>;

  /** Calls a listener with each event of this process. @returns what stops it */
  listen(listener: Listener): () => void;

  /**
   * Before the process ends: new leased calls are refused, those that run may finish within a time (default `'10s'`),
   * and the claims of the rest are given back, so that the next attempt need not wait for the end of their leases.
   */
  close(options?: { readonly within?: Duration }): Promise<void>;

  /** For `createContext`: `{ …idempotency.fromRequest(opts) }` makes the `Idempotency-Key` header count. */
  readonly fromRequest: typeof fromRequest;
  /** For an adapter: sends `Idempotency-Replayed`. */
  readonly responseMeta: typeof responseMeta;
  /** For `initTRPC.create`: sends `data.oncekey` with an error. */
  readonly errorFormatter: typeof errorFormatter;
  /**
   * The same with a formatter of your own.
   *
   * @example initTRPC.create({ errorFormatter: idempotency.errorFormatterWith(({ shape, error }) => ({ …shape })) })
   */
  errorFormatterWith: typeof formattedBy;
  /** A context with a key, for `createCaller`. */
  readonly withKey: typeof withKey;
}

const MAX_RESULT_BYTES = 1 << 20;

/**
 * One key per user intent, one effect per key, for a tRPC router.
 *
 * @example
 * const idempotency = createIdempotency<{ user: User; db: Db }>({
 *   store: drizzleStore(db),
 *   scope: ({ ctx }) => ctx.user.id,
 *   transformer: superjson,
 * });
 * @throws {RangeError} if an option is out of its range
 */
export function createIdempotency<Ctx extends DatabaseContext>(
  options: IdempotencyOptions<Ctx>,
): IdempotencyPlugin<Ctx> {
  const { store, transformer, codec, maxResultBytes = MAX_RESULT_BYTES, retention, wait, whenBusy, cache } = options;
  if (!(maxResultBytes > 0)) throw new RangeError('maxResultBytes must be a number of bytes');
  if (cache && !(cache.maxBytes > 0)) throw new RangeError('cache.maxBytes must be a number of bytes');
  const results = createResultFormat({ transformer, codec, maxBytes: maxResultBytes });
  const listeners = new Listeners();
  const engine = createEngine({ store, results, listeners, cache: cache && new SettledCache(cache.maxBytes) });
  const untyped = store as unknown as Store<never>;

  const scopeOf = (ctx: object) => checkScope(options.scope({ ctx: ctx as Ctx }));
  const scopesFor = (scope: 'public' | undefined) => (scope === 'public' ? () => PUBLIC_SCOPE : scopeOf);
  const { actor } = options;
  const actorOf = actor && ((ctx: object) => actor({ ctx: ctx as Ctx }));

  // A tombstone must outlive every late packet, also of the procedure that remembers longest.
  let longestRetentionMs = 0;
  const protectionOf = <Opts>(call: LeasedOptions<Opts> & { readonly speculative?: boolean }) => {
    const protection = readProtection<Opts>({
      ...(retention !== undefined && { retention }),
      ...(wait !== undefined && { wait }),
      ...(whenBusy && { whenBusy }),
      ...call,
    });
    longestRetentionMs = Math.max(longestRetentionMs, protection.retentionMs);
    return protection;
  };
  protectionOf({}); // so that a wrong option fails the start

  let formatter: Formatter | undefined;
  const settingsOf = (
    call: LeasedOptions<InputOptions<object>> & { readonly scope?: 'public'; readonly speculative?: boolean },
  ) => ({
    engine,
    results,
    scopeOf: scopesFor(call.scope),
    actorOf,
    formatter: () => formatter,
    ...protectionOf(call),
  });

  return {
    // tRPC infers what a piece asks of the context from its middlewares' bodies. Ours are written once for every app, so
    // what they ask and give is said in `IdempotencyPlugin`, and proven by the type tests.
    intake: intake as unknown as Piece<object, object>,
    transactional: ((call = {}) => transactionalProcedure(settingsOf(call))) as IdempotencyPlugin<Ctx>['transactional'],
    leased: ((call = {}) => leasedProcedure(settingsOf(call))) as IdempotencyPlugin<Ctx>['leased'],
    execute: createExecute(engine, results, protectionOf) as IdempotencyPlugin<Ctx>['execute'],
    outcomes: (base, { scope } = {}) =>
      outcomeProcedures(base, {
        store: untyped,
        scopeOf: scopesFor(scope),
        actorOf,
        retentionMs: () => longestRetentionMs,
      }),
    settle: async (executionId, outcome, tx) => store.settle(executionId, outcome, tx),
    purge: (opts) => purge(untyped, opts),
    listen: (listener) => listeners.add(listener),
    close: ({ within = '10s' } = {}) => engine.close(toMilliseconds(within, 'within')),
    fromRequest,
    responseMeta,
    errorFormatter,
    errorFormatterWith: (own) => {
      formatter = own as Formatter;
      return formattedBy(own);
    },
    withKey,
  };
}
