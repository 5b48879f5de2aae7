/** The longest key, in characters. */
export const MAX_KEY_LENGTH = 255;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** What {@link parseKey} found: a usable key, or what is wrong with it (never the value itself). */
export type ParsedKey =
  | { readonly ok: true; readonly key: string; readonly bornAt: Date | undefined }
  | { readonly ok: false; readonly problem: string };

/** Randomness for 32 keys, of 10 bytes each: asking for it costs more than the rest of a key. */
const ahead = new Uint8Array(320);
let used = 0;

/** Of the key that was minted last: its time in ms, and its 12 bits of counter. */
const last = { ms: 0, count: 0 };

/**
 * Mints the key of one intent: a UUIDv7 (RFC 9562), so that it carries the time of its birth and sorts by it. Keys of one
 * process ascend, also within a millisecond and when the clock is set back.
 *
 * Mint it when a person means something new, never when a request is sent: a retry must carry the same key.
 *
 * @param at the time of its birth, in ms since 1970, where this machine's clock is known to be wrong. Default: now
 */
export function createKey(at?: number): string {
  const random = nextRandom();
  const seed = ((random[0] ?? 0) << 3) | ((random[1] ?? 0) >> 5); // 11 bits: a millisecond has room for as many again
  const { ms, count } = at === undefined ? next(Date.now(), seed) : { ms: at, count: seed };
  // RFC 9562 5.7, with the counter of 6.2 method 1 for rand_a.
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  let tail = '';
  for (const byte of random.subarray(2)) tail += (byte + 0x100).toString(16).slice(1);
  const variant = (8 + ((random[2] ?? 0) >> 6)).toString(16);
  const version = `7${count.toString(16).padStart(3, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`;
}

function nextRandom(): Uint8Array {
  if (used === 0) crypto.getRandomValues(ahead);
  const from = used;
  used = (from + 10) % 320;
  return ahead.subarray(from, from + 10);
}

function next(now: number, seed: number): { readonly ms: number; readonly count: number } {
  if (now > last.ms) Object.assign(last, { ms: now, count: seed });
  else if (++last.count > 0xfff) Object.assign(last, { ms: last.ms + 1, count: seed });
  return last;
}

/**
 * Checks that a value is a key: 1 to {@link MAX_KEY_LENGTH} visible ASCII characters, no spaces.
 *
 * `bornAt` is the time inside a UUIDv7, `undefined` for any other key. Never throws.
 */
export function parseKey(value: unknown): ParsedKey {
  if (typeof value !== 'string') return { ok: false, problem: `expected a string, got ${kindOf(value)}` };
  if (value === '') return { ok: false, problem: 'it is empty' };
  if (value.length > MAX_KEY_LENGTH) {
    return { ok: false, problem: `it has ${value.length} characters, ${MAX_KEY_LENGTH} are allowed` };
  }
  if (!VISIBLE_ASCII.test(value)) {
    return { ok: false, problem: 'only visible ASCII characters are allowed, no spaces' };
  }
  return { ok: true, key: value, bornAt: bornAt(value) };
}

function bornAt(key: string): Date | undefined {
  const match = UUID_V7.exec(key);
  return match ? new Date(Number.parseInt(`${match[1]}${match[2]}`, 16)) : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
