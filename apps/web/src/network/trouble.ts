import { createStore } from './store.ts';

/** What the visitor has dialled. The server's network edge does it, not this page. */
export interface Trouble {
  /** For one request: it disarms itself, so that the retry gets through. */
  readonly loseNextAnswer: boolean;
  readonly delayMs: number;
  readonly deliverTwice: boolean;
}

export const LONGEST_DELAY_MS = 5_000;

export const trouble = createStore<Trouble>({ loseNextAnswer: false, delayMs: 0, deliverTwice: false });

/** The header for the next request, if any; what is for one request only is spent by asking. */
export function takeTroubleHeader(): string | undefined {
  const { loseNextAnswer, delayMs, deliverTwice } = trouble.get();
  if (loseNextAnswer) trouble.update((before) => ({ ...before, loseNextAnswer: false }));
  const words = [loseNextAnswer && 'lose-answer', delayMs > 0 && `delay=${delayMs}`, deliverTwice && 'deliver-twice'];
  return words.filter(Boolean).join(', ') || undefined;
}
