/** What a visitor makes the network do to one request. */
export interface Trouble {
  readonly delayMs: number;
  /** The request is handled to its end, and its answer never arrives. */
  readonly loseAnswer: boolean;
  /** The request arrives twice at once; the sender gets the answer that comes last. */
  readonly deliverTwice: boolean;
}

export const TROUBLE_HEADER = 'x-demo-trouble';
const LONGEST_DELAY_MS = 5_000;

/** Reads `lose-answer, delay=1500, deliver-twice`, any of them; `undefined` if it is anything else. */
export function parseTrouble(header: string): Trouble | undefined {
  const trouble = { delayMs: 0, loseAnswer: false, deliverTwice: false };
  for (const word of header.split(',').map((part) => part.trim())) {
    const delay = /^delay=(\d{1,4})$/.exec(word);
    if (word === 'lose-answer') trouble.loseAnswer = true;
    else if (word === 'deliver-twice') trouble.deliverTwice = true;
    else if (delay && Number(delay[1]) <= LONGEST_DELAY_MS) trouble.delayMs = Number(delay[1]);
    else return undefined;
  }
  return trouble;
}
