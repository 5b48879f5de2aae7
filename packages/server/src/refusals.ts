import { OncekeyError } from '@oncekey/core';
import type { Decision } from './decide.ts';

/** What IN_PROGRESS tells a caller to wait, in ms. */
const RETRY_AFTER_MS = 1_000;

/** A decision to refuse, in words for the caller: never what was stored. */
export function refusal(decision: Extract<Decision, { do: 'refuse' }>): OncekeyError {
  switch (decision.because) {
    case 'KEY_REUSED':
      return keyReused(decision.record.operation, decision.record.createdAt);
    case 'ABANDONED':
      return new OncekeyError(
        'ABANDONED',
        'This idempotency key was given up. Send what is meant anew under a new key.',
      );
    case 'KEY_EXPIRED':
      return new OncekeyError(
        'KEY_EXPIRED',
        'This idempotency key is from too long ago, or from the future: whether it was used cannot be told. If it never was sent before, send the request under a new key.',
        { serverTime: decision.now.toISOString() },
      );
    case 'DUPLICATE': {
      const { executionId, state, createdAt } = decision.record;
      return new OncekeyError('DUPLICATE', 'The same is already under way, or was done a moment ago.', {
        duplicateOf: { executionId, state, since: createdAt.toISOString() },
      });
    }
  }
}

export function keyReused(firstOperation: string, firstUsedAt: Date): OncekeyError {
  return new OncekeyError(
    'KEY_REUSED',
    'This idempotency key was used before, for another request. Send what is meant anew under a new key.',
    { firstOperation, firstUsedAt: firstUsedAt.toISOString() },
  );
}

export function inProgress(): OncekeyError {
  return new OncekeyError(
    'IN_PROGRESS',
    'The first request under this idempotency key is still running. Send it again under the same key.',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}

export function leaseLost(): OncekeyError {
  return new OncekeyError(
    'LEASE_LOST',
    'Another attempt has taken over. Send the request again under the same key for its answer.',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}

export function closing(): OncekeyError {
  return new OncekeyError(
    'STORE_UNAVAILABLE',
    'This server is about to stop. Send the request again under the same key.',
  );
}
