import { OncekeyError } from '@oncekey/core';

/** No person's scope begins so: see {@link checkScope}. */
export const PUBLIC_SCOPE = '~public';
const MAX_SCOPE_LENGTH = 255;

/** @throws {OncekeyError} MISCONFIGURED for what would be a bucket that people share */
export function checkScope(scope: unknown): string {
  if (typeof scope === 'string' && scope !== '' && scope.length <= MAX_SCOPE_LENGTH && !scope.startsWith('~')) {
    return scope;
  }
  throw new OncekeyError(
    'MISCONFIGURED',
    'oncekey: the scope must be a string of 1 to 255 characters that does not begin with "~". For a procedure without a person say scope: \'public\'.',
  );
}
