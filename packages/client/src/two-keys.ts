import { retryAdvice } from './retry-advice.ts';

/** How near to each other two keys for one input look like one intent that lost its key, in ms. */
const WINDOW_MS = 1_000;
const MOST = 100;

interface Sent {
  readonly key: string;
  readonly at: number;
  /** No answer came: it may have happened. */
  isInDoubt: boolean;
}

const sent = new Map<string, Sent>();

/**
 * For development: says so when the same input goes out under several keys within a second, or under another one than the
 * attempt before, of which nobody knows what became. That is how a client looks that mints a key with each try, or makes
 * it from a clock.
 */
export const keyWatch = {
  sent(path: string, input: unknown, key: string): void {
    const name = textOf(path, input);
    if (name !== undefined) compare(name, path, key);
  },

  failed(key: string, error: unknown): void {
    if (retryAdvice(error).outcome !== 'unknown') return;
    for (const each of sent.values()) if (each.key === key) each.isInDoubt = true;
  },

  /** It is asked what became of the key, or the person gives it up: another one is no mistake then. */
  asked(key: string): void {
    for (const [name, each] of sent) if (each.key === key) sent.delete(name);
  },
};

function compare(name: string, path: string, key: string): void {
  const before = sent.get(name);
  const now: Sent = { key, at: performance.now(), isInDoubt: false };
  sent.delete(name); // the order of a Map is that of its insertions
  sent.set(name, now);
  for (const oldest of sent.keys()) {
    if (sent.size <= MOST) break;
    sent.delete(oldest);
  }
  if (before && before.key !== key) {
    if (before.isInDoubt) warn(path, 'again with the same input, after an attempt without an answer');
    else if (now.at - before.at < WINDOW_MS) warn(path, 'twice within a second with the same input');
  }
}

function warn(path: string, how: string): void {
  console.warn(
    `oncekey: ${path} went out ${how}, under two keys: two effects. If that was one intent, mint its key when the person means it, and keep it through every retry.`,
  );
}

function textOf(path: string, input: unknown): string | undefined {
  try {
    return `${path} ${JSON.stringify(input)}`;
  } catch {
    return undefined; // what has no text is not compared
  }
}
