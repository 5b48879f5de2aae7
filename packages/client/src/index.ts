export { createKey, isOncekeyError, keyFrom, type OncekeyErrorData, oncekeyErrorData } from '@oncekey/core';
export { type Ask, idempotent, type KeyedAnswer, type Outcome } from './ask.ts';
export { idempotencyHeaders } from './idempotency-headers.ts';
export { type IdempotencyLinkOptions, idempotencyLink } from './idempotency-link.ts';
export { type IntentPersistence, type PersistOptions, persistIntents, type SavedIntent } from './persist-intents.ts';
export { type FailedOutcome, type RetryAdvice, retryAdvice, retryDelay, retryUnderSameKey } from './retry-advice.ts';
export { retryKeyed } from './retry-keyed.ts';
export { learnServerTime, mintKey } from './server-clock.ts';
