/** How near to each other two keys for one input look like one intent that lost its key, in ms. */
const WINDOW_MS = 1_000;
const MOST = 100;

const sent = new Map<string, { readonly key: string; readonly at: number }>();

/**
 * In development: says so when the same input goes out under several keys within a second. That is how a client looks
 * that mints a key with each try, or makes it from a clock.
 */
export function warnOfTwoKeys(path: string, input: unknown, key: string): void {
  const name = textOf(path, input);
  if (name === undefined) return;
  const before = sent.get(name);
  const at = performance.now();
  sent.delete(name); // the order of a Map is that of its insertions
  sent.set(name, { key, at });
  for (const oldest of sent.keys()) {
    if (sent.size <= MOST) break;
    sent.delete(oldest);
  }
  if (before && before.key !== key && at - before.at < WINDOW_MS) {
    console.warn(
      `oncekey: ${path} went out twice within a second with the same input, under two keys: two effects. If that was one intent, mint its key when the person means it, and keep it through every retry.`,
    );
  }
}

function textOf(path: string, input: unknown): string | undefined {
  try {
    return `${path} ${JSON.stringify(input)}`;
  } catch {
    return undefined; // what has no text is not compared
  }
}
