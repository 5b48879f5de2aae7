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
  isRepeated(text: string, params: readonly unknown[]): boolean {
    if (text.length > LONGEST) return false;
    const name = nameOf(text, params);
    if (this.#repeated.has(name)) return true;
    if (this.#repeated.size >= MOST_REPEATED || this.#barred.has(text)) return false;
    const times = (this.#candidates.get(name) ?? 0) + 1;
    this.#candidates.delete(name); // the order of a Map is that of its insertions: the oldest goes first
    if (times > REPEATS) {
      this.#repeated.add(name);
      return true;
    }
    this.#candidates.set(name, times);
    const [oldest] = this.#candidates.keys();
    if (this.#candidates.size > MOST_CANDIDATES && oldest !== undefined) this.#candidates.delete(oldest);
    return false;
  }

  /** It cannot be: the tables under it were altered, and each connection would find out for itself. */
  bar(text: string, params: readonly unknown[]): void {
    if (this.#repeated.delete(nameOf(text, params))) this.#barred.add(text);
  }
}

/** postgres.js prepares a text anew for each combination of the types that it reads off the values. */
function nameOf(text: string, params: readonly unknown[]): string {
  return params.every((param) => kindOf(param) === PLAIN) ? text : `${params.map(kindOf).join()} ${text}`;
}

const PLAIN = '';

function kindOf(param: unknown): string {
  if (typeof param === 'boolean' || typeof param === 'bigint') return typeof param;
  if (typeof param !== 'object' || param === null) return PLAIN;
  if (Array.isArray(param)) return `list of ${kindOf(param[0])}`;
  return param.constructor?.name ?? 'object';
}
