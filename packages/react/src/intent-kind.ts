import { canonicalize, OncekeyError } from '@oncekey/core';
import { contentOf } from './content.ts';

/**
 * What is one intent:
 *
 * - `'submit'`: each submit, unless it is the same input again while the one before is not settled
 * - `'mount'`: everything that this hook sends until it succeeds, is refused, is renewed or remounted: a checkout
 * - `'content'`: the input itself, for ever: "at most one such"
 */
export type IntentKind = 'submit' | 'mount' | 'content';

/** What tells two intents of one operation apart. */
export function scopeOfIntent(kind: IntentKind, input: unknown): string {
  return kind === 'mount' ? '' : contentOf(input);
}

/**
 * A key that is the same wherever the same input is sent from: SHA-256 of the operation and the input.
 *
 * @throws {NotCanonicalError} if the input has no canonical form, such as a file
 * @throws {OncekeyError} MISCONFIGURED where the browser has no Web Crypto, which is on pages that are not secure
 */
export async function keyOfContent(operation: readonly unknown[], input: unknown): Promise<string> {
  const { subtle } = globalThis.crypto;
  if (!subtle) {
    throw new OncekeyError('MISCONFIGURED', "oncekey: intent: 'content' needs a secure page: https, or localhost.");
  }
  const hash = await subtle.digest('SHA-256', new TextEncoder().encode(canonicalize([operation, input])));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
