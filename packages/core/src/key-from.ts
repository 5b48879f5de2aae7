import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalize } from './canonical-json.ts';
import { parseKey } from './key.ts';

/** How near to the present, in ms, a time must be to be taken for a clock that was just read. */
const JUST_NOW_MS = 100;
/** An escape in a JSON string. Its digits are none of the text's: `\u0000` is a common separator before a number. */
const ESCAPE = /\\(?:u[0-9a-f]{4}|.)/g;
const EPOCH_MS = /(?<!\d)\d{13}(?!\d)/g;
const ISO_TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/gi;

/**
 * A key made from what the request is *about*, the same for the same parts at any time and on any machine: 43
 * characters, the base64url SHA-256 of the parts' canonical form. Parts are delimited: `['ab', 'c']` and
 * `['a', 'bc']` differ.
 *
 * Refuses the mistake that makes such keys useless: a clock just read (`Date.now()`, `new Date()`, also inside a
 * string) or an id just minted (UUIDv7), at any depth. A random UUIDv4 cannot be told from a stored one: leave those
 * out yourself. A time that was *stored*, such as `order.updatedAt`, is welcome.
 *
 * @example keyFrom([user.id, mappingHash, fileHash])
 * @throws {TypeError} if a part is a clock or a fresh id, is `undefined`, or has no canonical form; or without parts
 */
export function keyFrom(parts: readonly [unknown, ...unknown[]]): string {
  if (parts.length === 0) throw new TypeError('keyFrom needs at least one part: what is the request about?');
  const now = Date.now(); // first: to write out a large part takes time
  const text = canonicalize(parts);
  for (const [index, part] of parts.entries()) {
    if (part === undefined || part === null || part === '') {
      throw new TypeError(
        `keyFrom: part ${index} is missing. An absent part would make different requests share a key.`,
      );
    }
    const found = findClock(canonicalize(part), now);
    if (found) {
      throw new TypeError(`keyFrom: part ${index} holds ${found}, so no two keys would ever be equal. Leave it out.`);
    }
  }
  return base64url(sha256(utf8ToBytes(text)));
}

/**
 * Searches the canonical text, which is what the key is made of, and not the value: that one may hide a clock behind
 * its `toJSON`, or hold what never gets into the key, such as a cycle.
 */
function findClock(canonical: string, now: number): string | undefined {
  const isNow = (time: number) => Math.abs(now - time) <= JUST_NOW_MS;
  const text = canonical.replaceAll(ESCAPE, ' ');
  for (const [digits] of text.matchAll(EPOCH_MS)) if (isNow(Number(digits))) return 'the current time';
  for (const [iso] of text.matchAll(ISO_TIME)) if (isNow(Date.parse(iso))) return 'the current time';
  for (const [uuid] of text.matchAll(UUID)) {
    const parsed = parseKey(uuid);
    if (parsed.ok && parsed.bornAt && isNow(parsed.bornAt.getTime())) return 'an id minted just now';
  }
  return undefined;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
