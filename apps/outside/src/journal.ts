import { appendFileSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a service never forgets: a line an entry, on the disk before anyone is told. */
export class Journal<T> {
  readonly #entries: T[];
  readonly #file: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#entries = existsSync(path) ? readLines<T>(path) : [];
    this.#file = openSync(path, 'a');
    // Ends what a kill has cut off: the next entry has a line of its own.
    if (fstatSync(this.#file).size > 0 && !readFileSync(path, 'utf8').endsWith('\n')) appendFileSync(this.#file, '\n');
  }

  get entries(): readonly T[] {
    return this.#entries;
  }

  append(entry: T): T {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
    this.#entries.push(entry);
    return entry;
  }
}

/** A kill in the middle of a write leaves half a line at the end: it was never confirmed. */
function readLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line ? [JSON.parse(line) as T] : [];
      } catch {
        return [];
      }
    });
}
