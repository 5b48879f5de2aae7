import { createHash } from 'node:crypto';
import { canonicalize, type EncodeUnknown } from '@oncekey/core';

/**
 * The same as `fingerprint` of `@oncekey/core`, which runs anywhere, by this platform's own SHA-256: in the middle of a busy
 * process it takes a third of the time.
 *
 * @throws {NotCanonicalError} if the input has no canonical form
 */
export function fingerprint(operation: string, input: unknown, encodeUnknown?: EncodeUnknown): string {
  return createHash('sha256')
    .update(canonicalize([operation, input], encodeUnknown))
    .digest('hex');
}
