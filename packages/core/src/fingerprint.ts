import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalize, type EncodeUnknown } from './canonical-json.ts';

/**
 * Proves that a retry is the same request: SHA-256 over the operation and the canonical *raw* input, as 64 lower-case
 * hex digits. Raw, since a parser may fill in defaults that differ each time.
 *
 * @param operation the tRPC path, or any other stable name
 * @param encodeUnknown see {@link canonicalize}
 * @throws {NotCanonicalError} if the input has no canonical form
 */
export function fingerprint(operation: string, input: unknown, encodeUnknown?: EncodeUnknown): string {
  // An array's canonical form delimits its parts: no other operation and input can run together into the same text.
  return bytesToHex(sha256(utf8ToBytes(canonicalize([operation, input], encodeUnknown))));
}
