import { createStore } from './store.ts';

/** What came back for one HTTP attempt. */
export type AttemptEnd =
  | { readonly kind: 'executed' | 'replayed' | 'waited' | 'unprotected' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'lost' };

/** One mutation in one HTTP request, as the page's fetch saw it leave and come back. */
export interface Attempt {
  readonly id: number;
  readonly at: Date;
  readonly operation: string;
  /** `undefined`: it went without one. */
  readonly key: string | undefined;
  /** Which attempt under this key, from 1. */
  readonly number: number;
  readonly trouble: string | undefined;
  /** `undefined` while nothing has come back. */
  readonly end?: AttemptEnd;
  readonly tookMs?: number;
}

const MOST_SHOWN = 30;
export const attempts = createStore<readonly Attempt[]>([]);
let lastId = 0;

/** Notes that a request left; gives what notes its end. */
export function attemptSent(sent: Pick<Attempt, 'operation' | 'key' | 'trouble'>): (end: AttemptEnd) => void {
  const id = ++lastId;
  const at = new Date();
  attempts.update((before) => {
    const number = sent.key === undefined ? 1 : before.filter((attempt) => attempt.key === sent.key).length + 1;
    return [{ id, at, number, ...sent }, ...before].slice(0, MOST_SHOWN);
  });
  return (end) => {
    const tookMs = Date.now() - at.getTime();
    attempts.update((before) => before.map((attempt) => (attempt.id === id ? { ...attempt, end, tookMs } : attempt)));
  };
}
