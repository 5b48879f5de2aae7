const FIRST_MS = 20;
const GROWTH = 1.6;
const LONGEST_MS = 500;

/**
 * How long to wait before the next look at a busy key, in ms: grows from 20 to 500, and is spread over its upper half
 * so that waiters who came together do not come back together.
 *
 * @param looks how many looks there were
 * @param random from 0 to 1
 */
export function pollDelay(looks: number, random: number): number {
  const ceiling = Math.min(FIRST_MS * GROWTH ** looks, LONGEST_MS);
  return ceiling * (0.5 + random / 2);
}
