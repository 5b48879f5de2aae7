import { createStore } from './store.ts';

/** What the visitor has dialled. The server's network edge does it, not this page. */
export interface Trouble {
  /** For one request: it disarms itself, so that the retry gets through. */
  readonly loseNextRequest: boolean;
  readonly loseNextAnswer: boolean;
  /** For one request: the server is killed when its work is done, before it can answer. */
  readonly killServer: boolean;
  readonly delayMs: number;
  readonly deliverTwice: boolean;
}

export const LONGEST_DELAY_MS = 5_000;
const QUIET: Trouble = {
  loseNextRequest: false,
  loseNextAnswer: false,
  killServer: false,
  delayMs: 0,
  deliverTwice: false,
};

export const trouble = createStore<Trouble>(QUIET);

export function isQuiet(dialled: Trouble): boolean {
  return Object.values(dialled).every((value) => value === false || value === 0);
}

/** The header for the next request, if any; what is for one request only is spent by asking. */
export function takeTroubleHeader(): string | undefined {
  const { loseNextRequest, loseNextAnswer, killServer, delayMs, deliverTwice } = trouble.get();
  trouble.update((before) => ({ ...before, loseNextRequest: false, loseNextAnswer: false, killServer: false }));
  const words = [
    loseNextRequest && 'lose-request',
    loseNextAnswer && 'lose-answer',
    killServer && 'kill=after',
    delayMs > 0 && `delay=${delayMs}`,
    deliverTwice && 'deliver-twice',
  ];
  return words.filter(Boolean).join(', ') || undefined;
}
