import { createKey } from '@oncekey/core';
import { type Decision, decide } from './decide.ts';
import {
  type Attempt,
  type EngineParts,
  elapsed,
  follow,
  type KeyedRequest,
  type Settled,
  settledBy,
} from './engine.ts';
import { recordLabel } from './steps.ts';
import type { Claim, NewRecord, TransactEnd } from './store.ts';

/** One accepted run, as its handler sees it. */
export interface TransactionalExecution<Tx> {
  readonly tx: Tx;
  readonly executionId: string;
}

export type TransactionalRun<Tx> = (execution: TransactionalExecution<Tx>) => Promise<unknown>;

/** One try at answering: in one transaction, or from the record. */
export async function transactionalAttempt<Tx>(
  { store, results, listeners }: EngineParts<Tx>,
  request: KeyedRequest,
  run: TransactionalRun<Tx>,
  looks = 0,
): Promise<Attempt> {
  const { id, operation, dedupe } = request;
  const since = performance.now();
  const dedupeId = dedupe && { operation, key: dedupe.key };
  const executionId = createKey();
  let decision: Decision = { do: 'wait' };
  let settled: Settled | undefined;
  let thrown: { readonly error: unknown } | undefined;
  let started: Promise<unknown> | undefined;
  // Once only: where the id is not free, the next look says why.
  const early =
    request.speculative && looks === 0
      ? (tx: Tx) => {
          started = run({ tx, executionId });
          started.catch(() => {}); // whether it counts is not known yet
        }
      : undefined;

  const inTransaction = async ({ tx, ...found }: Claim<Tx>): Promise<NewRecord | undefined> => {
    thrown = undefined; // a run that met another transaction is run again, and its error is none
    decision = decide(found, request);
    if (decision.do !== 'run') return undefined;
    const data = await (started ?? run({ tx, executionId })).catch((error: unknown) => {
      thrown = { error };
      throw error;
    });
    settled = { id, executionId, state: 'succeeded', result: results.write(data, recordLabel(id)), executed: { data } };
    return newRecord(request, settled);
  };

  let end: TransactEnd;
  try {
    end = await store.transact(id, inTransaction, dedupeId, early);
  } catch (error) {
    // The handler may have failed *because* another attempt got through first, on the app's own unique constraint, say.
    // Then the answer is that attempt's, not the error.
    const instead = await otherAnswer();
    if (instead) return { do: 'done', settled: instead };
    const stored = thrown && request.errors.write(error);
    if (stored === undefined) throw error;
    return rememberFailure(error, stored);
  }
  return ended(end);

  async function otherAnswer(): Promise<Settled | undefined> {
    const look = await store.look(id).catch(() => undefined);
    const other = look && decide({ ...look, locked: false }, request);
    return other?.do === 'replay' ? settledBy(other.record, id) : undefined;
  }

  /** In a transaction of its own: the handler's is gone, with all that it wrote. */
  async function rememberFailure(error: unknown, stored: unknown): Promise<Attempt> {
    const result = results.write(stored, recordLabel(id));
    settled = { id, executionId, state: 'failed', result, executed: { error } };
    const failure = settled;
    return ended(
      await store.transact(
        id,
        async ({ tx: _, ...found }) => {
          decision = decide(found, request);
          return decision.do === 'run' ? newRecord(request, failure) : undefined;
        },
        dedupeId,
      ),
    );
  }

  function ended(how: TransactEnd): Attempt {
    if (how === 'recorded' && settled) {
      listeners.tell({
        kind: settled.state,
        mode: 'transactional',
        id,
        operation,
        executionId,
        attempt: 1,
        durationMs: elapsed(since),
      });
      return { do: 'done', settled };
    }
    // Where locks do not exclude, two may run; the unique key lets one commit and this one is gone without a trace.
    if (how === 'overtaken' || decision.do === 'run') return { do: 'look-again' };
    return follow(decision, request);
  }
}

function newRecord(request: KeyedRequest, { executionId, state, result }: Settled): NewRecord {
  const { operation, fingerprint, bornAt, retentionMs, actor } = request;
  // A failure holds no dedupe key: nothing of it is there to be protected.
  const dedupe = state === 'succeeded' ? request.dedupe : undefined;
  return { operation, fingerprint, bornAt, retentionMs, actor, executionId, state, result, dedupe };
}
