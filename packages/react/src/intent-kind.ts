import { fingerprint } from '@oncekey/core';
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
 * A key that is the same wherever the same input is sent from.
 *
 * @throws {NotCanonicalError} if the input has no canonical form, such as a file
 */
export function keyOfContent(operation: string, input: unknown): string {
  return fingerprint(operation, input);
}
