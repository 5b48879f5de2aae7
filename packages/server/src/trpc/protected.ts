import { createKey, NotCanonicalError, OncekeyError, parseKey } from '@oncekey/core';
import { initTRPC, TRPCError } from '@trpc/server';
import { dedupeOf, type InputOptions, type Protection } from '../call-options.ts';
import type { Answered, Engine, LeasedRequest } from '../engine.ts';
import { fingerprint } from '../fingerprint.ts';
import type { LeasedExecution } from '../leased-attempt.ts';
import type { ResultFormat } from '../result-format.ts';
import type { Steps } from '../steps.ts';
import type { TransactionalExecution } from '../transactional-attempt.ts';
import { type Call, callOf, isActive, withActive } from './call.ts';
import { type Formatter, toTRPCError } from './error-format.ts';
import { idempotentMeta } from './procedure-meta.ts';
import { forFingerprint } from './raw-input.ts';
import { answerWith } from './result-marker.ts';
import { isRefusal, trpcErrors } from './trpc-errors.ts';

const t = initTRPC.context<object>().create({ isDev: false });

/** What a protected handler finds in `ctx.idempotency`. */
export interface Idempotency {
  /** The intent's key. */
  readonly key: string;
  /** This accepted run, a UUIDv7: what a job or an audit row wants to name. */
  readonly executionId: string;
}

/** What a leased handler finds in `ctx.idempotency`. */
export interface LeasedIdempotency<Tx> extends Idempotency, Steps<Tx> {
  /** 1 for the first; more where an earlier owner died or failed. */
  readonly attempt: number;
  /** Aborts when the lease is lost: another attempt may run from then on, and what is still stored here is refused. */
  readonly signal: AbortSignal;
}

export interface MiddlewareSettings<Tx> extends Protection<InputOptions<object>> {
  readonly engine: Engine<Tx>;
  readonly results: ResultFormat;
  /** Who may see the result again. Throws MISCONFIGURED if it comes out empty. */
  readonly scopeOf: (ctx: object) => string;
  readonly actorOf: ((ctx: object) => string | undefined) | undefined;
  /** The app's own formatter, known by the time a request comes. */
  readonly formatter: () => Formatter | undefined;
}

/** The piece for effects in the store's own database. Typed by `createIdempotency`. */
export function transactionalProcedure<Tx>(settings: MiddlewareSettings<Tx>) {
  return protectedProcedure(
    settings,
    () => false,
    (request, next) =>
      settings.engine.transactional(request, ({ tx, executionId }: TransactionalExecution<Tx>) =>
        next({ db: tx, idempotency: { key: request.id.key, executionId } satisfies Idempotency }),
      ),
  );
}

/** The piece for effects elsewhere. Typed by `createIdempotency`. */
export function leasedProcedure<Tx>(settings: MiddlewareSettings<Tx>) {
  return protectedProcedure(settings, isRefusal, (request, next) =>
    settings.engine.leased(request, (execution: LeasedExecution<Tx>) =>
      next({ idempotency: { key: request.id.key, ...execution } satisfies LeasedIdempotency<Tx> }),
    ),
  );
}

/** A mutation's piece: reads the request, has it answered, and gives tRPC the answer. */
function protectedProcedure<Tx>(
  settings: MiddlewareSettings<Tx>,
  isRemembered: (error: unknown) => boolean,
  answer: (request: LeasedRequest, next: (ctx: object) => Promise<unknown>) => Promise<Answered>,
) {
  const remember = settings.remember ?? isRemembered;
  return t.procedure.meta(idempotentMeta).use(async (opts) => {
    const { ctx, path, next, input } = opts;
    if (opts.type !== 'mutation')
      throw toTRPCError(misconfigured(`${path} is a ${opts.type}; only mutations have effects`));
    const call = callOf(ctx);
    // A caller nested in a handler brings the outer call along; it must not pass for this one's.
    if (call?.path !== path) throw toTRPCError(misconfigured(`${path} has no intake: add it to the base procedure`));
    if (isActive(ctx, call)) return next();

    try {
      const request = await readRequest(call, path, { ctx, input }, settings, remember);
      const answered = await answer(request, async (more) => {
        const result = await next({ ctx: { ...withActive(call), ...more } });
        // tRPC hands errors over as values: returned as one, it would commit what the handler had written.
        if (!result.ok) throw result.error;
        return result.data;
      });
      const { replayed, executionId, waited } = answered;
      call.answer = { replayed, executionId, ...(waited && { waited }) };
      return answerWith(answered.data);
    } catch (error) {
      throw toTRPCError(error);
    }
  });
}

async function readRequest<Tx>(
  call: Call,
  operation: string,
  opts: InputOptions<object>,
  settings: MiddlewareSettings<Tx>,
  remember: (error: unknown) => boolean,
): Promise<LeasedRequest> {
  const { retentionMs, waitMs, leaseMs, onDuplicate, keepsDedupe, speculative } = settings;
  const { key, bornAt, isKeyless } = readKey(call, operation, settings);
  const scope = settings.scopeOf(opts.ctx);
  // Raw, not parsed: a parser may fill in defaults that differ each time.
  const raw = await forFingerprint(await call.rawInput().catch(() => undefined));
  const print = fingerprintOf(operation, raw, settings.results);
  return {
    id: { scope, key },
    operation,
    fingerprint: print,
    bornAt,
    retentionMs,
    waitMs,
    leaseMs,
    dedupe: dedupeOf(settings, opts, { fingerprint: print, isKeyless }),
    onDuplicate,
    keepsDedupe,
    speculative,
    isRetry: call.isRetry,
    actor: settings.actorOf?.(opts.ctx),
    errors: trpcErrors(remember, settings.formatter(), { path: operation, ...opts }),
  };
}

function fingerprintOf(operation: string, raw: unknown, { encodeInput }: ResultFormat): string {
  try {
    return fingerprint(operation, raw, encodeInput);
  } catch (cause) {
    if (!(cause instanceof NotCanonicalError)) throw cause;
    throw new TRPCError({ code: 'BAD_REQUEST', message: `This input has no fingerprint: ${cause.message}.`, cause });
  }
}

interface ReadKey {
  readonly key: string;
  readonly bornAt: number | undefined;
  readonly isKeyless: boolean;
}

function readKey(
  call: Call,
  operation: string,
  { missingKey }: Pick<MiddlewareSettings<never>, 'missingKey'>,
): ReadKey {
  if (call.key === undefined) {
    if (missingKey !== 'required') return { key: createKey(), bornAt: undefined, isKeyless: true };
    throw new OncekeyError(
      'KEY_REQUIRED',
      `${operation} needs an idempotency key: use idempotencyLink() and ask for one, or send the header Idempotency-Key: "a-unique-key".`,
    );
  }
  const parsed = parseKey(call.key);
  if (!parsed.ok) throw new OncekeyError('KEY_INVALID', `The idempotency key is not valid: ${parsed.problem}.`);
  return { key: parsed.key, bornAt: parsed.bornAt?.getTime(), isKeyless: false };
}

function misconfigured(problem: string): OncekeyError {
  return new OncekeyError('MISCONFIGURED', `oncekey: ${problem}.`);
}
