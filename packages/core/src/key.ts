import { v7 } from 'uuid';

/** The longest key, in characters. */
export const MAX_KEY_LENGTH = 255;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** What {@link parseKey} found: a usable key, or what is wrong with it (never the value itself). */
export type ParsedKey =
  | { readonly ok: true; readonly key: string; readonly bornAt: Date | undefined }
  | { readonly ok: false; readonly problem: string };

/**
 * Mints the key of one intent: a UUIDv7 (RFC 9562), so that it carries the time of its birth and sorts by it.
 *
 * Mint it when a person means something new, never when a request is sent: a retry must carry the same key.
 *
 * @param at the time of its birth, in ms since 1970, where this machine's clock is known to be wrong. Default: now
 */
export function createKey(at?: number): string {
  return at === undefined ? v7() : v7({ msecs: at });
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
