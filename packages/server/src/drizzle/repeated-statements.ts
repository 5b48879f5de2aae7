/** As often as pgjdbc's `prepareThreshold` waits. */
const REPEATS = 5;
/** A prepared statement costs every connection some memory for as long as it lives. */
const MOST_REPEATED = 256;
const MOST_CANDIDATES = 1_024;
const LONGEST = 8_192;

/**
 * Which of the handlers' statements come again and again, and so are worth preparing: one flight less, and no plan made
 * anew. Drizzle on postgres.js prepares none. Bounded, whatever texts an app makes up.
 */
export class RepeatedStatements {
  readonly #repeated = new Set<string>();
  readonly #candidates = new Map<string, number>();
  readonly #barred = new Set<string>();

  /** @returns whether it has come often enough; this time counts */
  isRepeated(text: string): boolean {
    if (this.#repeated.has(text)) return true;
    if (text.length > LONGEST || this.#repeated.size >= MOST_REPEATED || this.#barred.has(text)) return false;
    const times = (this.#candidates.get(text) ?? 0) + 1;
    this.#candidates.delete(text); // the order of a Map is that of its insertions: the oldest goes first
    if (times > REPEATS) {
      this.#repeated.add(text);
      return true;
    }
    this.#candidates.set(text, times);
    const [oldest] = this.#candidates.keys();
    if (this.#candidates.size > MOST_CANDIDATES && oldest !== undefined) this.#candidates.delete(oldest);
    return false;
  }

  /** It cannot be: the tables under it were altered, and each connection would find out for itself. */
  bar(text: string): void {
    if (this.#repeated.delete(text)) this.#barred.add(text);
  }
}
