import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, OncekeyError } from '@oncekey/core';
import { type Duration, toMilliseconds } from '../duration.ts';
import { type AuditLevel, isAudited } from '../events.ts';
import type { Claim, NewRecord, RecordId, Store } from '../store.ts';
import { withinTime } from './answer-time.ts';
import { insertEvents } from './audit.ts';
import { deleteExpired, deleteOldEvents, freeDedupe, insertTombstone } from './ending-statements.ts';
import {
  claimLease,
  completeLease,
  FENCED,
  findSteps,
  insertStep,
  insertStepOrFail,
  releaseLease,
  renewLeases,
} from './lease-statements.ts';
import { transactPortably } from './portable.ts';
import { postgresJsInternals, runOnPostgresJs, transactOnPostgresJs } from './postgres-js.ts';
import {
  clearStaleDedupe,
  type DedupeId,
  deleteStale,
  findHolder,
  insertRecord,
  lockAndLookUp,
  lockAndLookUpOrFail,
  lookUp,
  NOT_FREE,
  tryDedupeLock,
} from './record-statements.ts';
import { codeOf, isOvertaken, isUnavailable, isWorthAnotherRun } from './sqlstate.ts';
import type { Run } from './statement.ts';
import { all, BodyFailure, type DrizzleDatabase, type Executor, runThrough, type Transact } from './transaction.ts';

export interface DrizzleStoreOptions {
  /**
   * What the table `oncekeyEvents` is told, in the transaction that it tells of: nothing, how executions began anew and
   * ended, or every answer too. Default: `'off'`.
   */
  readonly events?: AuditLevel;
  /** How long the database may take to answer a statement of the store's own. Default: `'10s'`. */
  readonly answerWithin?: Duration;
  /**
   * On postgres.js: whether the statements that transactional handlers send again and again are prepared, which spares a
   * flight and a plan each. Default: `true`, unless postgres.js is told `prepare: false`.
   */
  readonly prepareHandlers?: boolean;
}

/** How often a transaction is run that met another, in all. */
const RUNS = 5;

/**
 * Keeps records in PostgreSQL through Drizzle, in the tables `oncekeyRecords`, `oncekeySteps` and `oncekeyEvents`. On
 * postgres.js a protected mutation takes as many flights as an unprotected one; every other driver takes the portable
 * path through `db.transaction`.
 *
 * @param db the database that the protected handlers write to
 * @throws {RangeError} if `answerWithin` is not a duration, or postgres.js is told `fetch_types: false`
 */
export function drizzleStore<Tx extends Executor>(
  db: DrizzleDatabase<Tx>,
  { events: level = 'off', answerWithin = '10s', prepareHandlers = true }: DrizzleStoreOptions = {},
): Store<Tx> {
  const answerMs = toMilliseconds(answerWithin, 'answerWithin', 1);
  const postgresJs = postgresJsInternals(db);
  const transact: Transact<Tx> = postgresJs
    ? transactOnPostgresJs(postgresJs, { answerMs, preparesHandlers: prepareHandlers })
    : transactPortably(db);
  const runOnDb = postgresJs ? runOnPostgresJs(postgresJs) : runThrough(db);
  const run: Run = (statement) => withinTime(answerMs, runOnDb(statement));

  return {
    async transact(id, body, dedupe, early) {
      const startsEarly = early !== undefined && postgresJs !== undefined && !dedupe;
      const dedupeId = dedupe && { scope: id.scope, ...dedupe };
      try {
        const isRecorded = await again(() =>
          transact({
            open: (send) => open(send, id, dedupeId, startsEarly),
            early: startsEarly ? early : undefined,
            async body(tx, found) {
              const next = await body({ ...found, tx });
              const isStale = found.record !== undefined;
              return next && ((send) => close(send, id, next, { dedupeId, isStale, level }));
            },
          }),
        );
        return isRecorded ? 'recorded' : 'rolled-back';
      } catch (error) {
        if (error instanceof BodyFailure) throw error.error;
        if (isOvertaken(error) || (startsEarly && codeOf(error) === NOT_FREE)) return 'overtaken';
        throw storeError(error);
      }
    },

    look: (id) => guarded(() => lookUp(run, id)),

    claim: (id, lease) =>
      guarded(async () => {
        const { dedupe, operation } = lease;
        const dedupeId = dedupe && { scope: id.scope, operation, key: dedupe.key };
        if (dedupeId) await clearStaleDedupe(run, dedupeId);
        try {
          return await claimLease(run, id, lease, level);
        } catch (error) {
          if (!dedupeId || !isOvertaken(error)) throw error;
          return { ...(await lookUp(run, id)), holder: await findHolder(run, dedupeId) };
        }
      }),

    renew: (leases, leaseMs) => guarded(() => renewLeases(run, leases, leaseMs)),

    complete: (lease, completion) =>
      guarded(async () => {
        if (await completeLease(run, lease, completion, level)) return true;
        // The answer to the same may have been lost on its way here.
        const { record } = await lookUp(run, lease.id);
        return (
          record?.executionId === lease.executionId &&
          record.attempt === lease.attempt &&
          record.state === completion.state
        );
      }),

    release: (lease, actor) => guarded(() => releaseLease(run, lease, actor, level)),
    steps: (lease) => guarded(() => findSteps(run, lease)),
    finishStep: (lease, name, result) => guarded(() => insertStep(run, lease, name, result)),

    async transactStep(lease, name, body) {
      try {
        return await again(() =>
          transact({
            open: async () => undefined,
            async body(tx) {
              const result = await body(tx);
              return (send) => insertStepOrFail(send, lease, name, result);
            },
          }),
        );
      } catch (error) {
        if (error instanceof BodyFailure) throw error.error;
        if (codeOf(error) === FENCED) return false;
        throw storeError(error);
      }
    },

    abandon: (id, options) =>
      guarded(async () => {
        const abandoned = await insertTombstone(run, id, createKey(), options, level);
        return { ...(await lookUp(run, id)), abandoned };
      }),

    settle: (executionId, outcome, tx) =>
      guarded(() => freeDedupe(tx ? runThrough(tx) : run, executionId, outcome, level)),

    async note(notes) {
      const kept = notes.filter(({ kind }) => isAudited(kind, level));
      if (kept.length > 0) await guarded(() => insertEvents(run, kept));
    },

    purge: (limit, eventsMs) =>
      guarded(async () => ({
        records: await deleteExpired(run, limit, level),
        events: await deleteOldEvents(run, limit, eventsMs),
      })),
  };
}

/** What stands in the way of a new record. Sent in one flight. */
async function open(
  run: Run,
  id: RecordId,
  dedupeId: DedupeId | undefined,
  startsEarly: boolean,
): Promise<Omit<Claim<never>, 'tx'>> {
  const look = startsEarly ? lockAndLookUpOrFail : lockAndLookUp;
  if (!dedupeId) return look(run, id);
  const [hasDedupe, found, holder] = await all([
    tryDedupeLock(run, dedupeId),
    look(run, id),
    findHolder(run, dedupeId),
  ]);
  return { ...found, holder, locked: found.locked && hasDedupe };
}

/** The new record, and what makes room for it. Sent in one flight. */
async function close(
  run: Run,
  id: RecordId,
  record: NewRecord,
  options: { readonly dedupeId: DedupeId | undefined; readonly isStale: boolean; readonly level: AuditLevel },
): Promise<void> {
  const { dedupeId, isStale, level } = options;
  if (!isStale && !dedupeId) return insertRecord(run, id, record, level);
  await all([
    isStale && deleteStale(run, id),
    dedupeId && clearStaleDedupe(run, dedupeId),
    insertRecord(run, id, record, level),
  ]);
}

/** Runs a transaction that met another again, holding nothing in between. */
async function again<T>(transaction: () => Promise<T>): Promise<T> {
  for (let runs = 1; ; runs++) {
    try {
      return await transaction();
    } catch (error) {
      const met = isWorthAnotherRun(error instanceof BodyFailure ? error.error : error);
      if (!met || runs === RUNS) throw error;
      await sleep(2 ** runs * 5 * (0.5 + Math.random()));
    }
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error);
  }
}

/** Drizzle writes a failed query's parameters, which are keys and results, into the message: it goes no further. */
function storeError(error: unknown): Error {
  const code = codeOf(error) ?? 'no code';
  if (!isUnavailable(error)) return new Error(`oncekey: a statement of the store failed (${code})`);
  return new OncekeyError(
    'STORE_UNAVAILABLE',
    `The database cannot be reached (${code}). Send the request again under the same key.`,
  );
}
