import { OncekeyError, parseKey } from '@oncekey/core';
import { dedupeOf, type LeasedOptions, type Protection, type TransactionalOptions } from './call-options.ts';
import type { Engine, LeasedRequest } from './engine.ts';
import { fingerprint } from './fingerprint.ts';
import type { LeasedExecution } from './leased-attempt.ts';
import { plainErrors } from './remembered-error.ts';
import type { ResultFormat } from './result-format.ts';
import { checkScope } from './scope.ts';
import type { TransactionalExecution } from './transactional-attempt.ts';

interface ExecuteRequest {
  /** A stable name, such as `mail.welcome`: a key names one operation only. */
  readonly operation: string;
  /** Whose intent it is: a user's or tenant's id, or a name of the worker's. 1 to 255 characters. */
  readonly scope: string;
  /** Of one intent: a job's id, a webhook's event id, `keyFrom([...])`; the same on every retry. */
  readonly key: string;
  /** What proves that a retry is the same request. Default: nothing, so that the key alone says it. */
  readonly input?: unknown;
  readonly actor?: string;
  /** It was sent before: a queue's second delivery, say. Then one read is likely to answer it. A hint, nothing depends on it. */
  readonly isRetry?: boolean;
}

type WithoutKeyPolicy<Options> = Omit<Options, 'key'>;

export interface ExecuteTransactional extends ExecuteRequest, WithoutKeyPolicy<TransactionalOptions<void>> {
  readonly mode: 'transactional';
}
export interface ExecuteLeased extends ExecuteRequest, WithoutKeyPolicy<LeasedOptions<void>> {
  readonly mode: 'leased';
}

/** What a transactional handler gets. */
export interface TransactionalHandlerOptions<Tx> {
  /** The transaction. */
  readonly db: Tx;
  readonly executionId: string;
}

/** What a leased handler gets. */
export type LeasedHandlerOptions<Tx> = LeasedExecution<Tx>;

export interface Executed<T> {
  readonly data: T;
  /** Whether it was answered from the record. */
  readonly replayed: boolean;
  /** Whether another request under the same key, or what holds its dedupe key, had to end first. */
  readonly waited: boolean;
  readonly executionId: string;
}

/** The engine for anything that is not tRPC. */
export function createExecute<Tx>(
  engine: Engine<Tx>,
  results: ResultFormat,
  protectionOf: (options: LeasedOptions<void>) => Protection<void>,
) {
  return async (
    request: ExecuteTransactional | ExecuteLeased,
    handler: (options: TransactionalHandlerOptions<Tx> & LeasedExecution<Tx>) => Promise<unknown>,
  ): Promise<Executed<unknown>> => {
    const keyed = toKeyedRequest(request, protectionOf(request as LeasedOptions<void>), results);
    // Each handler is typed by its mode; only what both have in common is known here.
    const run = handler as (options: unknown) => Promise<unknown>;
    return request.mode === 'transactional'
      ? engine.transactional(keyed, ({ tx, executionId }: TransactionalExecution<Tx>) => run({ db: tx, executionId }))
      : engine.leased(keyed, run);
  };
}

function toKeyedRequest(
  request: ExecuteTransactional | ExecuteLeased,
  protection: Protection<void>,
  results: ResultFormat,
): LeasedRequest {
  const { operation, scope, input, actor } = request;
  const parsed = parseKey(request.key);
  if (!parsed.ok) throw new OncekeyError('KEY_INVALID', `The idempotency key is not valid: ${parsed.problem}.`);
  if (operation === '') throw new OncekeyError('MISCONFIGURED', 'oncekey: execute needs an operation.');
  const print = fingerprint(operation, input, results.encodeInput);
  const { retentionMs, waitMs, leaseMs, onDuplicate, keepsDedupe, speculative, remember } = protection;
  return {
    id: { scope: checkScope(scope), key: parsed.key },
    operation,
    fingerprint: print,
    bornAt: parsed.bornAt?.getTime(),
    retentionMs,
    waitMs,
    leaseMs,
    onDuplicate,
    keepsDedupe,
    speculative,
    isRetry: request.isRetry,
    // Without an input, all jobs of a kind look alike.
    isTelling: input !== undefined,
    dedupe: dedupeOf(protection, undefined, { fingerprint: print, isKeyless: false }),
    actor,
    errors: plainErrors(remember),
  };
}
