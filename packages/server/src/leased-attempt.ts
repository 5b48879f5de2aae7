import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError } from '@oncekey/core';
import { decide } from './decide.ts';
import {
  type Attempt,
  type EngineParts,
  elapsed,
  follow,
  type LeasedRequest,
  type Settled,
  settledBy,
} from './engine.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { persist } from './persist.ts';
import { closing, leaseLost } from './refusals.ts';
import { recordLabel, type Steps, stepsOf } from './steps.ts';
import type { Lease } from './store.ts';

/** One attempt at an execution, as its handler sees it. */
export interface LeasedExecution<Tx> extends Steps<Tx> {
  readonly executionId: string;
  /** 1 for the first; more where an earlier owner died or failed. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}

export type LeasedRun<Tx> = (execution: LeasedExecution<Tx>) => Promise<unknown>;

/** What the handler came to. */
type Ending = Required<Pick<Settled, 'state' | 'result' | 'executed'>>;

/** Tries at answering, each with a committed claim, and the leases that this process holds meanwhile. */
export function leasedAttempts<Tx>({ store, results, listeners }: EngineParts<Tx>) {
  const keepers = new Map<number, LeaseKeeper>();
  const running = new Map<Promise<unknown>, { readonly lease: Lease; giveBack(): void }>();
  let isClosing = false;

  async function attempt(request: LeasedRequest, run: LeasedRun<Tx>): Promise<Attempt> {
    const { id, operation, fingerprint, bornAt, retentionMs, leaseMs, dedupe, actor } = request;
    if (isClosing) throw closing();
    const claimedAt = performance.now();
    const execution = { operation, fingerprint, executionId: createKey(), bornAt, retentionMs, dedupe, actor };
    const { lease, ...look } = await store.claim(id, { ...execution, leaseMs });
    if (!lease) {
      const decision = decide({ ...look, locked: false }, request);
      return decision.do === 'run' ? { do: 'look-again' } : follow(decision, request);
    }
    tell(request, lease, lease.isTakeover ? 'taken-over' : 'claimed');
    const given = new AbortController();
    const settled = runClaimed(request, lease, run, { claimedAt, givenBack: given.signal });
    running.set(settled, { lease, giveBack: () => given.abort(closing()) });
    try {
      return { do: 'done', settled: await settled };
    } finally {
      running.delete(settled);
    }
  }

  async function runClaimed(
    request: LeasedRequest,
    lease: Lease,
    run: LeasedRun<Tx>,
    { claimedAt, givenBack }: { claimedAt: number; givenBack: AbortSignal },
  ): Promise<Settled> {
    const kept = keeperFor(request.leaseMs).keep(lease, claimedAt);
    const signal = AbortSignal.any([kept.signal, givenBack]);
    const { executionId, attempt: number } = lease;
    const work = runHandler(request, lease, () =>
      run({ executionId, attempt: number, signal, ...stepsOf(store, results, lease, signal) }),
    );
    try {
      const ending = await untilAborted(work, signal);
      if ('release' in ending) {
        await store.release(lease, request.actor).catch(() => {}); // if not, its lease ends
        tell(request, lease, 'released', claimedAt);
        throw ending.release;
      }
      const { state, result } = ending;
      const completion = { state, result, keepsDedupe: keepsDedupe(request, state), actor: request.actor };
      if (!(await persist(() => store.complete(lease, completion), kept.signal))) throw leaseLost();
      tell(request, lease, state, claimedAt);
      return { id: lease.id, executionId, ...ending };
    } catch (error) {
      if (!isOncekeyError(error, 'LEASE_LOST')) throw error;
      tell(request, lease, 'lease-lost', claimedAt);
      await noteLost(request, lease);
      const other = await answerOfNewOwner(request, lease);
      if (!other) throw error;
      return other;
    } finally {
      kept.letGo();
    }
  }

  /** To what is stored of it; or to an error that is not remembered. */
  async function runHandler(
    request: LeasedRequest,
    lease: Lease,
    run: () => Promise<unknown>,
  ): Promise<Ending | { readonly release: unknown }> {
    const label = recordLabel(lease.id);
    try {
      const data = await run();
      return { state: 'succeeded', result: results.write(data, label), executed: { data } };
    } catch (error) {
      const stored = request.errors.write(error);
      if (stored === undefined) return { release: error };
      return { state: 'failed', result: results.write(stored, label), executed: { error } };
    }
  }

  /** For the audit alone: a database that is away is no reason to keep the answer. */
  async function noteLost({ operation, actor }: LeasedRequest, { id, executionId, attempt }: Lease): Promise<void> {
    await store.note([{ kind: 'lease-lost', id, operation, executionId, attempt, actor }]).catch(() => {});
  }

  async function answerOfNewOwner(request: LeasedRequest, lease: Lease): Promise<Settled | undefined> {
    const look = await store.look(lease.id).catch(() => undefined);
    const decision = look && decide({ ...look, locked: false }, request);
    return decision?.do === 'replay' ? settledBy(decision.record, lease.id) : undefined;
  }

  function keeperFor(leaseMs: number): LeaseKeeper {
    const known = keepers.get(leaseMs);
    if (known) return known;
    const keeper = new LeaseKeeper(store, leaseMs);
    keepers.set(leaseMs, keeper);
    return keeper;
  }

  function tell(
    { operation }: LeasedRequest,
    { id, executionId, attempt: number }: Lease,
    kind: 'claimed' | 'taken-over' | 'succeeded' | 'failed' | 'released' | 'lease-lost',
    since?: number,
  ): void {
    const durationMs = since === undefined ? undefined : elapsed(since);
    listeners.tell({ kind, mode: 'leased', id, operation, executionId, attempt: number, durationMs });
  }

  async function close(withinMs: number): Promise<void> {
    isClosing = true;
    const late = new AbortController();
    const timeout = sleep(withinMs, undefined, { signal: late.signal }).catch(() => {});
    await Promise.race([Promise.allSettled(running.keys()), timeout]);
    late.abort();
    const left = [...running.values()];
    for (const { giveBack } of left) giveBack();
    await Promise.allSettled(left.map(({ lease }) => store.release(lease)));
  }

  return { attempt, close };
}

function keepsDedupe({ dedupe, keepsDedupe: isKept }: LeasedRequest, state: 'succeeded' | 'failed'): boolean {
  return state === 'succeeded' && (isKept || dedupe?.forMs !== undefined);
}

/** Fails as soon as the lease is lost, though the handler goes on: what it still stores is refused by the fence. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop();
  }
}
