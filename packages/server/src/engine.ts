import { setTimeout as sleep } from 'node:timers/promises';
import { isOncekeyError } from '@oncekey/core';
import { pollDelay } from './backoff.ts';
import { type DecidedRequest, type Decision, decide, isSameRequest } from './decide.ts';
import type { Listeners } from './events.ts';
import { type Flight, InFlight, type Landing } from './in-flight.ts';
import { type LeasedRun, leasedAttempts } from './leased-attempt.ts';
import { inProgress, keyReused, refusal } from './refusals.ts';
import type { ResultFormat } from './result-format.ts';
import type { SettledCache } from './settled-cache.ts';
import { recordLabel } from './steps.ts';
import type { Look, RecordId, Store, StoredRecord } from './store.ts';
import { Suspicion } from './suspicion.ts';
import { type TransactionalRun, transactionalAttempt } from './transactional-attempt.ts';

/** How often a request that was overtaken looks again without a pause. */
const LOOKS_AT_ONCE = 5;

/** How errors are remembered and given again, in the words of whoever calls the engine. */
export interface ErrorMemory {
  /** What to store of an error, as plain data; `undefined`: it is not remembered. */
  write(error: unknown): unknown;
  read(stored: unknown): unknown;
}

/** A request under a key. */
export interface KeyedRequest extends DecidedRequest {
  readonly id: RecordId;
  /** How long a duplicate waits for the first before it gets IN_PROGRESS, in ms; 0: not at all. */
  readonly waitMs: number;
  /** What the request is about, and for how long: `undefined` is until it is settled. */
  readonly dedupe?: { readonly key: string; readonly forMs: number | undefined } | undefined;
  readonly errors: ErrorMemory;
  readonly actor?: string | undefined;
  /** Sent before under this key, as its sender says: a look is likely to be enough. A hint, nothing depends on it. */
  readonly isRetry?: boolean | undefined;
  /** Whether another key for the same would look like a client that mints one with each try. Default: yes. */
  readonly isTelling?: boolean | undefined;
  /** Transactional: the handler may start before the claim is answered. */
  readonly speculative?: boolean | undefined;
}

export interface LeasedRequest extends KeyedRequest {
  readonly leaseMs: number;
  /** Whether the dedupe key is held on after the handler's return. */
  readonly keepsDedupe: boolean;
}

/** How a request was answered. */
export interface Answered {
  readonly executionId: string;
  /** `false` only for the request whose own handler run made the answer. */
  readonly replayed: boolean;
  readonly waited: boolean;
  readonly data: unknown;
}

/** An answer that can be given to any number of requests: serialised, so that none sees another's objects. */
export interface Settled {
  /** Whose record it is: with a dedupe key, another request's. */
  readonly id: RecordId;
  readonly executionId: string;
  readonly state: 'succeeded' | 'failed';
  readonly result: string | null;
  /** What the handler returned or threw, for the request that ran it. */
  readonly executed?: { readonly data: unknown } | { readonly error: unknown };
}

export type Attempt =
  | { readonly do: 'done'; readonly settled: Settled }
  | { readonly do: 'look-again' }
  | { readonly do: 'wait'; readonly for?: StoredRecord | undefined };

export interface Engine<Tx> {
  /**
   * Claim, the handler's writes and the result commit together or not at all.
   *
   * @param run the handler; what it throws rolls everything back and comes out unchanged
   * @throws {OncekeyError} every code but LEASE_LOST and those of a request that is no request
   */
  transactional(request: KeyedRequest, run: TransactionalRun<Tx>): Promise<Answered>;
  /**
   * A claim that is committed first and kept by a lease: for effects that live elsewhere.
   *
   * @param run the handler; what it throws ends the execution if it is remembered, and else gives the claim back
   */
  leased(request: LeasedRequest, run: LeasedRun<Tx>): Promise<Answered>;
  /** Lets what runs finish for so long, in ms, then gives the claims back. */
  close(withinMs: number): Promise<void>;
}

export interface EngineParts<Tx> {
  readonly store: Store<Tx>;
  readonly results: ResultFormat;
  readonly listeners: Listeners;
  readonly cache?: SettledCache | undefined;
}

/** claim → run → record → replay, for any store and any framework. */
export function createEngine<Tx>(parts: EngineParts<Tx>): Engine<Tx> {
  const { store, results, listeners, cache } = parts;
  const inFlight = new InFlight<Settled>();
  const suspicion = new Suspicion();
  const leasing = leasedAttempts(parts);

  async function answer(
    request: KeyedRequest,
    mode: 'transactional' | 'leased',
    attempt: (looks: number) => Promise<Attempt>,
  ): Promise<Answered> {
    const since = performance.now();
    const deadline = since + request.waitMs;
    const waits = { isNoted: false };
    const known = cache?.get(request);
    if (known) return complete(request, mode, known, { isOwn: false, since, waited: false });
    for (;;) {
      const first = inFlight.get(request.id);
      if (!first) {
        const own = inFlight.start(request.id, request, () => lead(request, attempt, deadline, waits));
        const landing = await own.landed;
        if (!landing.ok) throw await told(request, mode, landing.error);
        return complete(request, mode, landing.value, { isOwn: true, since, waited: waits.isNoted });
      }
      await noteWait(request, mode, waits);
      const landing = await join(first, request, deadline);
      if (landing.ok) return complete(request, mode, landing.value, { isOwn: false, since, waited: waits.isNoted });
      // A refusal of ours holds for every duplicate. What the handler threw left nothing behind, so there is nothing to
      // share: the next in line runs, as it would in another process.
      if (isOncekeyError(landing.error)) throw landing.error;
    }
  }

  /** The one request of this process that talks to the store about this id. */
  async function lead(
    request: KeyedRequest,
    attempt: (looks: number) => Promise<Attempt>,
    deadline: number,
    waits: { isNoted: boolean },
  ): Promise<Settled> {
    let awaited: StoredRecord | undefined;
    // Outside of any transaction: one read, where there is likely to be an answer.
    let isLookEnough = request.isRetry ?? false;
    for (let looks = 0; ; looks++) {
      const ended = awaited && (await endOf(awaited, request));
      if (ended) return ended;
      const looked = isLookEnough ? lookedUp(await store.look(request.id), request) : undefined;
      isLookEnough = false;
      const next = looked ?? (await attempt(looks));
      if (next.do === 'done') return next.settled;
      // Whoever got through first is there to be seen at once; this only keeps a store that errs from being asked forever.
      if (next.do === 'look-again' && looks < LOOKS_AT_ONCE) continue;
      if (next.do === 'wait') awaited = next.for ?? awaited;
      await noteWait(request, undefined, waits);
      await pause(looks, deadline);
    }
  }

  /** The answer of the execution that was waited for, under its own key: its dedupe key may be free by now. */
  async function endOf({ key, executionId }: StoredRecord, request: KeyedRequest): Promise<Settled | undefined> {
    const id = { scope: request.id.scope, key };
    const { record } = await store.look(id);
    return record?.executionId === executionId ? settledBy(record, id) : undefined;
  }

  async function complete(
    request: KeyedRequest,
    mode: 'transactional' | 'leased',
    settled: Settled,
    { isOwn, since, waited }: { isOwn: boolean; since: number; waited: boolean },
  ): Promise<Answered> {
    const { executionId, executed, id } = settled;
    if (executed && isOwn) {
      noteSuspect(request, executionId);
      cache?.put(request, settled, since);
      if ('error' in executed) throw executed.error;
      return { executionId, replayed: false, waited, data: executed.data };
    }
    const { operation, actor } = request;
    listeners.tell({ kind: 'replayed', mode, id: request.id, operation, executionId, durationMs: elapsed(since) });
    await store.note([{ kind: 'replayed', id: request.id, operation, executionId, actor }]);
    const value = results.read(settled.result, recordLabel(id));
    if (settled.state === 'failed') throw request.errors.read(value);
    return { executionId, replayed: true, waited, data: value };
  }

  /** Refusals that somebody may want to know of. */
  async function told(request: KeyedRequest, mode: 'transactional' | 'leased', error: unknown): Promise<unknown> {
    const kind = isOncekeyError(error, 'KEY_REUSED') ? 'mismatch' : isOncekeyError(error, 'DUPLICATE') && 'conflict';
    if (kind) {
      const { id, operation, actor } = request;
      listeners.tell({ kind, mode, id, operation });
      await store.note([{ kind, id, operation, actor }]).catch(() => {}); // the refusal says more than this would
    }
    return error;
  }

  async function noteWait(
    request: KeyedRequest,
    mode: 'transactional' | 'leased' | undefined,
    waits: { isNoted: boolean },
  ): Promise<void> {
    if (waits.isNoted || request.waitMs === 0) return;
    waits.isNoted = true;
    const { id, operation, actor } = request;
    listeners.tell({ kind: 'waited', mode, id, operation });
    await store.note([{ kind: 'waited', id, operation, actor }]);
  }

  function noteSuspect(
    { id, operation, fingerprint, actor, isTelling = true }: KeyedRequest,
    executionId: string,
  ): void {
    if (!isTelling) return;
    const otherExecutionId = suspicion.notice(id, fingerprint, executionId, performance.now());
    if (otherExecutionId === undefined) return;
    const kind = 'suspected-duplicate';
    listeners.tell({ kind, mode: undefined, id, operation, executionId, otherExecutionId });
    // Not awaited: the answer is there, and this is only a hint.
    store.note([{ kind, id, operation, executionId, actor, detail: { otherExecutionId } }]).catch(() => {});
  }

  return {
    transactional: (request, run) =>
      answer(request, 'transactional', (looks) => transactionalAttempt(parts, request, run, looks)),
    leased: (request, run) => answer(request, 'leased', () => leasing.attempt(request, run)),
    close: (withinMs) => leasing.close(withinMs),
  };
}

/** What a look outside of any transaction comes to, if that is all there is to do. */
function lookedUp(look: Look, request: KeyedRequest): Attempt | undefined {
  const decision = decide({ ...look, locked: true }, request);
  return decision.do === 'run' ? undefined : follow(decision, request);
}

/** What a decision other than to run comes to. */
export function follow(decision: Exclude<Decision, { do: 'run' }>, request: KeyedRequest): Attempt {
  if (decision.do === 'refuse') throw refusal(decision);
  if (decision.do === 'wait') return { do: 'wait', for: decision.for };
  const id = { scope: request.id.scope, key: decision.record.key };
  const settled = settledBy(decision.record, id);
  return settled ? { do: 'done', settled } : { do: 'look-again' };
}

/** The answer that a record holds, if its execution has ended. */
export function settledBy({ state, executionId, result }: StoredRecord, id: RecordId): Settled | undefined {
  return state === 'succeeded' || state === 'failed' ? { id, executionId, state, result } : undefined;
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

export function elapsed(since: number): number {
  return performance.now() - since;
}
