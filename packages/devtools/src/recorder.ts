import { oncekeyErrorData } from '@oncekey/core';
import { type InspectedIntent, inspectMutation } from '@oncekey/react/inspect';
import type { Mutation, MutationCacheNotifyEvent, QueryClient } from '@tanstack/react-query';

/** How an attempt ended. */
export type AttemptEnd = 'executed' | 'replayed' | 'waited' | 'handed over' | 'no answer' | (string & {});

export interface Attempt {
  /** In ms since 1970. */
  readonly at: number;
  readonly end?: AttemptEnd;
  readonly endedAt?: number;
}

/** One intent and everything that was seen of it. */
export interface RecordedIntent extends Omit<InspectedIntent, 'attempts'> {
  readonly id: number;
  readonly attempts: readonly Attempt[];
}

/** So many intents are kept; the oldest goes first. */
const MOST = 200;

/** Listens to a QueryClient's mutations, and keeps what happened to those that carry a key. */
export class IntentRecorder {
  #intents: readonly RecordedIntent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;

  constructor(client: QueryClient, now: () => number = Date.now) {
    this.#now = now;
    const cache = client.getMutationCache();
    for (const mutation of cache.getAll()) this.#note(mutation);
    cache.subscribe((event) => this.#hear(event));
  }

  /** What was seen, the newest first; the same array until something changes. */
  readonly intents = (): readonly RecordedIntent[] => this.#intents;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Forgets what is over. */
  readonly clear = (): void => {
    this.#show(this.#intents.filter(({ state }) => state === 'pending' || state === 'waiting' || state === 'unknown'));
  };

  #hear(event: MutationCacheNotifyEvent): void {
    if (!event.mutation || (event.type !== 'added' && event.type !== 'updated')) return;
    this.#note(event.mutation, event.type === 'updated' ? event.action : undefined);
  }

  #note(mutation: Mutation, action?: { readonly type: string; readonly error?: unknown }): void {
    const seen = inspectMutation(mutation);
    if (!seen) return;
    const before = this.#intents.find(({ id }) => id === mutation.mutationId);
    const attempts = withAction(before?.attempts ?? [], seen, action, this.#now());
    const now: RecordedIntent = { ...seen, id: mutation.mutationId, attempts };
    this.#show([now, ...this.#intents.filter(({ id }) => id !== now.id)].sort((a, b) => b.id - a.id).slice(0, MOST));
  }

  #show(intents: readonly RecordedIntent[]): void {
    this.#intents = intents;
    for (const listener of this.#listeners) listener();
  }
}

/** What TanStack tells of a mutation, as attempts: each begins with a pending or a continued state and ends with an answer or a failure. */
function withAction(
  attempts: readonly Attempt[],
  seen: InspectedIntent,
  action: { readonly type: string; readonly error?: unknown } | undefined,
  now: number,
): readonly Attempt[] {
  const ended = (end: AttemptEnd) =>
    attempts.map((each, index) =>
      index === attempts.length - 1 && each.end === undefined ? { ...each, end, endedAt: now } : each,
    );
  switch (action?.type) {
    case 'failed': // and another follows by itself
      return [...ended(endOf(action.error)), { at: now }];
    case 'error':
      return ended(seen.answer ? answered(seen) : endOf(action.error));
    case 'success':
      return ended(answered(seen));
    default:
      return seen.state === 'pending' && attempts.length === 0 ? [{ at: now }] : attempts;
  }
}

function answered({ answer, isHandedOver }: InspectedIntent): AttemptEnd {
  if (isHandedOver) return 'handed over';
  if (answer?.waited) return 'waited';
  return answer?.replayed ? 'replayed' : 'executed';
}

function endOf(error: unknown): AttemptEnd {
  const refusal = oncekeyErrorData(error)?.code;
  if (refusal) return refusal;
  const data = (error as { readonly data?: { readonly code?: unknown } } | undefined)?.data;
  return typeof data?.code === 'string' ? data.code : 'no answer';
}
