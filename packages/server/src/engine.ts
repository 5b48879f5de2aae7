import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError, OncekeyError } from '@oncekey/core';
import { pollDelay } from './backoff.ts';
import { type Decision, decide, isSameRequest, type RequestIdentity } from './decide.ts';
import { type Flight, InFlight, type Landing } from './in-flight.ts';
import type { ResultFormat } from './result-format.ts';
import type { NewRecord, RecordId, Store } from './store.ts';

/** What IN_PROGRESS tells a caller to wait, in ms. */
const RETRY_AFTER_MS = 1_000;

/** A request under a key. */
export interface KeyedRequest extends RequestIdentity {
  readonly id: RecordId;
  /** How long a duplicate waits for the first before it gets IN_PROGRESS, in ms; 0: not at all. */
  readonly waitMs: number;
  /** How long the result is remembered, in ms. */
  readonly retentionMs: number;
}

/** One accepted run, as its handler sees it. */
interface Execution<Tx> {
  readonly tx: Tx;
  readonly executionId: string;
}

/** How a request was answered. */
interface Completion {
  readonly executionId: string;
  /** `false` only for the request whose own handler run made the answer. */
  readonly replayed: boolean;
  readonly data: unknown;
}

/** An answer that can be given to any number of requests: serialised, so that none sees another's objects. */
interface Settled {
  readonly executionId: string;
  readonly result: string | null;
  /** The live result, for the request whose handler made it. */
  readonly executed?: { readonly data: unknown };
}

export interface Engine<Tx> {
  /**
   * Claim, the handler's writes and the result commit together or not at all.
   *
   * @param run the handler; what it throws rolls everything back and comes out unchanged
   * @throws {OncekeyError} KEY_REUSED, IN_PROGRESS, STORE_UNAVAILABLE, RESULT_UNSTORABLE, RESULT_UNREADABLE
   */
  transactional(request: KeyedRequest, run: (execution: Execution<Tx>) => Promise<unknown>): Promise<Completion>;
}

/** claim → run → record → replay, for any store and any framework. */
export function createEngine<Tx>(store: Store<Tx>, results: ResultFormat): Engine<Tx> {
  const inFlight = new InFlight<Settled>();

  async function transactional(
    request: KeyedRequest,
    run: (execution: Execution<Tx>) => Promise<unknown>,
  ): Promise<Completion> {
    const deadline = performance.now() + request.waitMs;
    for (;;) {
      const first = inFlight.get(request.id);
      if (!first) {
        const own = inFlight.start(request.id, request, () => lead(request, run, deadline));
        const landing = await own.landed;
        if (!landing.ok) throw landing.error;
        return complete(landing.value, 'own');
      }
      const landing = await join(first, request, deadline);
      if (landing.ok) return complete(landing.value, 'joined');
      // A refusal of ours holds for every duplicate. What the handler threw left nothing behind, so there is nothing to
      // share: the next in line runs, as it would in another process.
      if (isOncekeyError(landing.error)) throw landing.error;
    }
  }

  /** The one request of this process that talks to the store about this id. */
  async function lead(
    request: KeyedRequest,
    run: (execution: Execution<Tx>) => Promise<unknown>,
    deadline: number,
  ): Promise<Settled> {
    for (let looks = 0; ; looks++) {
      const attempt = await attemptOnce(request, run);
      if (attempt.do === 'done') return attempt.settled;
      if (attempt.do === 'wait') await pause(looks, deadline);
    }
  }

  type Attempt = { readonly do: 'done'; readonly settled: Settled } | { readonly do: 'wait' | 'look-again' };

  async function attemptOnce(
    request: KeyedRequest,
    run: (execution: Execution<Tx>) => Promise<unknown>,
  ): Promise<Attempt> {
    const seen: { decision: Decision; settled?: Settled } = { decision: { do: 'wait' } };
    const end = await store
      .transact(request.id, async ({ tx, ...found }) => {
        seen.decision = decide(found, request);
        if (seen.decision.do !== 'run') return undefined;
        const executionId = createKey();
        const data = await run({ tx, executionId });
        seen.settled = { executionId, result: results.write(data), executed: { data } };
        return newRecord(request, seen.settled);
      })
      .catch((error: unknown) => replayInstead(request, error));
    if (typeof end === 'object') return { do: 'done', settled: end };
    if (end === 'recorded' && seen.settled) return { do: 'done', settled: seen.settled };
    // Where locks do not exclude, two may run; the unique key lets one commit and this one is gone without a trace.
    if (end === 'overtaken') return { do: 'look-again' };
    return follow(seen.decision, request);
  }

  /**
   * The handler may have failed *because* another attempt got through first, on the app's own unique constraint, say.
   * Then the answer is that attempt's, not the error.
   */
  async function replayInstead(request: KeyedRequest, error: unknown): Promise<Settled> {
    const record = await store.find(request.id).catch(() => undefined);
    const decision = decide({ record, locked: false }, request);
    if (decision.do === 'replay') return decision.record;
    throw error;
  }

  return { transactional };

  function complete(settled: Settled, by: 'own' | 'joined'): Completion {
    const { executionId, executed } = settled;
    if (executed && by === 'own') return { executionId, replayed: false, data: executed.data };
    return { executionId, replayed: true, data: results.read(settled.result) };
  }
}

function follow(decision: Decision, request: KeyedRequest): { do: 'done'; settled: Settled } | { do: 'wait' } {
  if (decision.do === 'replay') return { do: 'done', settled: decision.record };
  if (decision.do === 'refuse') throw keyReused(decision.record.operation, decision.record.createdAt);
  if (request.waitMs === 0) throw inProgress();
  return { do: 'wait' };
}

/** Waits for the first of this process, at most until the deadline. */
async function join(first: Flight<Settled>, request: KeyedRequest, deadline: number): Promise<Landing<Settled>> {
  if (!isSameRequest(first.request, request)) throw keyReused(first.request.operation, first.since);
  const late = new AbortController();
  const timeout = sleep(remaining(deadline), 'late' as const, { signal: late.signal, ref: false }).catch(
    () => 'late' as const,
  );
  const landing = await Promise.race([first.landed, timeout]);
  late.abort();
  if (landing === 'late') throw inProgress();
  return landing;
}

/** Holds no connection: the transaction that found the key busy is over. */
async function pause(looks: number, deadline: number): Promise<void> {
  const left = remaining(deadline);
  if (left === 0) throw inProgress();
  await sleep(Math.min(pollDelay(looks, Math.random()), left));
}

function remaining(deadline: number): number {
  return Math.max(0, deadline - performance.now());
}

function newRecord(request: KeyedRequest, settled: Settled): NewRecord {
  const { operation, fingerprint, retentionMs } = request;
  return { operation, fingerprint, retentionMs, executionId: settled.executionId, result: settled.result };
}

function keyReused(firstOperation: string, firstUsedAt: Date): OncekeyError {
  return new OncekeyError(
    'KEY_REUSED',
    'This idempotency key was used before, for another request. Send what is meant anew under a new key.',
    { firstOperation, firstUsedAt: firstUsedAt.toISOString() },
  );
}

function inProgress(): OncekeyError {
  return new OncekeyError(
    'IN_PROGRESS',
    'The first request under this idempotency key is still running. Send it again under the same key.',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
