import { OncekeyError } from '@oncekey/core';
import { v5 } from 'uuid';
import { persist } from './persist.ts';
import { leaseLost } from './refusals.ts';
import type { ResultFormat } from './result-format.ts';
import type { Lease, RecordId, Store } from './store.ts';

/** What a step's `run` and `check` get. */
export interface StepContext {
  /**
   * A key to pass on to the other system: a UUIDv5 (RFC 9562) of the execution and the step's name, so the same on
   * every attempt, and another for every other execution.
   */
  readonly key: string;
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal;
}

export interface StepOptions<T> {
  /**
   * Asks the other system whether it was done, before it is done again: called where an earlier attempt may have begun
   * this step and nobody saw its end. `undefined`: it was not done.
   */
  readonly check?: (context: StepContext) => Promise<T | undefined> | T | undefined;
}

export interface Steps<Tx> {
  step<T>(name: string, run: (context: StepContext) => Promise<T> | T, options?: StepOptions<T>): Promise<T>;
  transactionalStep<T>(name: string, run: (tx: Tx, context: StepContext) => Promise<T>): Promise<T>;
}

const MAX_NAME_LENGTH = 255;

/** The steps of one attempt at an execution. */
export function stepsOf<Tx>(store: Store<Tx>, results: ResultFormat, lease: Lease, signal: AbortSignal): Steps<Tx> {
  const begun = new Set<string>();
  // Only an attempt that follows another has steps to find.
  const finished = lease.isTakeover ? store.steps(lease) : Promise.resolve(new Map<string, string | null>());
  finished.catch(() => {}); // whoever asks for a step is told

  async function findFinished(name: string): Promise<{ readonly result: string | null } | undefined> {
    if (name === '' || name.length > MAX_NAME_LENGTH)
      throw misuse(`a step's name has 1 to ${MAX_NAME_LENGTH} characters`);
    if (begun.has(name))
      throw misuse(`two steps are named ${JSON.stringify(name)}; a name is how a step is found again`);
    begun.add(name);
    const known = await finished;
    signal.throwIfAborted();
    return known.has(name) ? { result: known.get(name) ?? null } : undefined;
  }

  const contextOf = (name: string): StepContext => ({ key: v5(name, lease.executionId), signal });
  const labelOf = (name: string) => stepLabel(lease.id, name);

  return {
    async step(name, run, { check } = {}) {
      const known = await findFinished(name);
      if (known) return results.read(known.result, labelOf(name)) as never;
      const context = contextOf(name);
      const done = lease.isTakeover ? await check?.(context) : undefined;
      const value = done === undefined ? await run(context) : done;
      const written = results.write(value, labelOf(name));
      const stored = await persist(() => store.finishStep(lease, name, written), signal);
      if (!stored) throw leaseLost();
      // An earlier owner's end may have come in between: its result is the step's.
      return stored.result === written ? value : (results.read(stored.result, labelOf(name)) as never);
    },

    async transactionalStep(name, run) {
      const known = await findFinished(name);
      if (known) return results.read(known.result, labelOf(name)) as never;
      let value: unknown;
      const isStored = await store.transactStep(lease, name, async (tx) => {
        value = await run(tx, contextOf(name));
        return results.write(value, labelOf(name));
      });
      if (!isStored) throw leaseLost();
      return value as never;
    },
  };
}

/** For a codec: what is of one record, or one step, does not decode as another's. */
export function recordLabel({ scope, key }: RecordId): string {
  return `${scope.length}:${scope}${key}`;
}

function stepLabel(id: RecordId, name: string): string {
  return `${name.length}:${name}${recordLabel(id)}`;
}

function misuse(problem: string): OncekeyError {
  return new OncekeyError('MISCONFIGURED', `oncekey: ${problem}.`);
}
