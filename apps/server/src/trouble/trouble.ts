import type { CrashPoint } from '../crash/crash.ts';

/** What a visitor makes the network and the server do to one request. */
export interface Trouble {
  readonly delayMs: number;
  /** The request never arrives. */
  readonly loseRequest: boolean;
  /** The request is handled to its end, and its answer never arrives. */
  readonly loseAnswer: boolean;
  /** The request arrives twice at once; the sender gets the answer that comes last. */
  readonly deliverTwice: boolean;
  /** The server's process is killed at this point of the request's life. */
  readonly crashAt: CrashPoint | undefined;
}

export const TROUBLE_HEADER = 'x-demo-trouble';
export const TROUBLE_WORDS =
  'lose-request, lose-answer, deliver-twice, delay=0…5000, kill=before, kill=inside, kill=after, kill=frozen';
const LONGEST_DELAY_MS = 5_000;

/** Reads `lose-answer, delay=1500, deliver-twice`, any of {@link TROUBLE_WORDS}; `undefined` if it is anything else. */
export function parseTrouble(header: string): Trouble | undefined {
  let trouble: Trouble = { delayMs: 0, loseRequest: false, loseAnswer: false, deliverTwice: false, crashAt: undefined };
  for (const word of header.split(',').map((part) => part.trim())) {
    const change = readWord(word);
    if (!change) return undefined;
    trouble = { ...trouble, ...change };
  }
  return trouble;
}

function readWord(word: string): Partial<Trouble> | undefined {
  if (word === 'lose-request') return { loseRequest: true };
  if (word === 'lose-answer') return { loseAnswer: true };
  if (word === 'deliver-twice') return { deliverTwice: true };
  const crash = /^kill=(before|inside|after|frozen)$/.exec(word);
  if (crash) return { crashAt: crash[1] as CrashPoint };
  const delay = /^delay=(\d{1,4})$/.exec(word);
  return delay && Number(delay[1]) <= LONGEST_DELAY_MS ? { delayMs: Number(delay[1]) } : undefined;
}
