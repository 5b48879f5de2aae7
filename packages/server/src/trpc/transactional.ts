import { fingerprint, NotCanonicalError, OncekeyError, parseKey } from '@oncekey/core';
import { initTRPC, TRPCError } from '@trpc/server';
import type { Engine, KeyedRequest } from '../engine.ts';
import type { ResultFormat } from '../result-format.ts';
import { type Call, callOf, isActive, withActive } from './call.ts';
import { toTRPCError } from './error-format.ts';
import { idempotentMeta } from './procedure-meta.ts';
import { forFingerprint } from './raw-input.ts';
import { answerWith } from './result-marker.ts';

const t = initTRPC.context<object>().create({ isDev: false });

/** What a protected handler finds in `ctx.idempotency`. */
export interface Idempotency {
  /** The intent's key. */
  readonly key: string;
  /** This accepted run, a UUIDv7: what a job or an audit row wants to name. */
  readonly executionId: string;
}

export interface MiddlewareSettings<Tx> {
  readonly engine: Engine<Tx>;
  readonly results: ResultFormat;
  /** Who may see the result again. Throws MISCONFIGURED if it comes out empty. */
  readonly scopeOf: (ctx: object) => string;
  readonly waitMs: number;
  readonly retentionMs: number;
}

/** The procedure piece that makes a mutation happen once a key, in one transaction. Typed by `createIdempotency`. */
export function transactionalProcedure<Tx>(settings: MiddlewareSettings<Tx>) {
  const { engine, results } = settings;
  return t.procedure.meta(idempotentMeta).use(async (opts) => {
    const { ctx, path, next } = opts;
    if (opts.type !== 'mutation')
      throw toTRPCError(misconfigured(`${path} is a ${opts.type}; only mutations have effects`));
    const call = callOf(ctx);
    // A caller nested in a handler brings the outer call along; it must not pass for this one's.
    if (call?.path !== path) throw toTRPCError(misconfigured(`${path} has no intake: add it to the base procedure`));
    if (isActive(ctx, call)) return next();

    try {
      const request = await readRequest(call, path, ctx, settings);
      const completion = await engine.transactional(request, async ({ tx, executionId }) => {
        const idempotency: Idempotency = { key: request.id.key, executionId };
        const result = await next({ ctx: { ...withActive(call), db: tx, idempotency } });
        // tRPC hands errors over as values: returned as one, it would commit what the handler had written.
        if (!result.ok) throw result.error;
        return result.data;
      });
      call.answer = { replayed: completion.replayed, executionId: completion.executionId };
      return answerWith(completion.data);
    } catch (error) {
      throw toTRPCError(error);
    }
  });

  async function readRequest(
    call: Call,
    operation: string,
    ctx: object,
    { scopeOf, waitMs, retentionMs }: MiddlewareSettings<Tx>,
  ): Promise<KeyedRequest> {
    const key = readKey(call, operation);
    const scope = scopeOf(ctx);
    // Raw, not parsed: a parser may fill in defaults that differ each time.
    const raw = await forFingerprint(await call.rawInput().catch(() => undefined));
    return {
      id: { scope, key },
      operation,
      fingerprint: fingerprintOf(operation, raw, results),
      waitMs,
      retentionMs,
    };
  }
}

function fingerprintOf(operation: string, raw: unknown, { encodeInput }: ResultFormat): string {
  try {
    return fingerprint(operation, raw, encodeInput);
  } catch (cause) {
    if (!(cause instanceof NotCanonicalError)) throw cause;
    throw new TRPCError({ code: 'BAD_REQUEST', message: `This input has no fingerprint: ${cause.message}.`, cause });
  }
}

function readKey(call: Call, operation: string): string {
  if (call.key === undefined) {
    throw new OncekeyError(
      'KEY_REQUIRED',
      `${operation} needs an idempotency key: use idempotencyLink() and ask for one, or send the header Idempotency-Key: "a-unique-key".`,
    );
  }
  const parsed = parseKey(call.key);
  if (!parsed.ok) throw new OncekeyError('KEY_INVALID', `The idempotency key is not valid: ${parsed.problem}.`);
  return parsed.key;
}

function misconfigured(problem: string): OncekeyError {
  return new OncekeyError('MISCONFIGURED', `oncekey: ${problem}.`);
}
