/**
 * What a caller does after an error.
 *
 * - `same-key`: send the same request again under the same key, after `retryAfterMs` where given
 * - `new-key`: this key is spent; what the person wants now is a new intent with a new key
 * - `never`: sending it again changes nothing; the caller must be fixed
 */
export type Retry = 'same-key' | 'new-key' | 'never';

interface ErrorSpec {
  /** The tRPC error code; tRPC maps it to the HTTP status. */
  readonly trpc:
    | 'BAD_REQUEST'
    | 'CONFLICT'
    | 'INTERNAL_SERVER_ERROR'
    | 'PRECONDITION_FAILED'
    | 'SERVICE_UNAVAILABLE'
    | 'UNPROCESSABLE_CONTENT';
  readonly retry: Retry;
}

/** Every way oncekey refuses, the same on both sides of the wire. */
export const ERRORS = {
  /** The operation is idempotent and the caller sent no key. */
  KEY_REQUIRED: { trpc: 'BAD_REQUEST', retry: 'never' },
  /** What was sent is not a key. */
  KEY_INVALID: { trpc: 'BAD_REQUEST', retry: 'never' },
  /** A key came for an operation that is not idempotent: it would promise what nobody keeps. */
  NOT_IDEMPOTENT: { trpc: 'BAD_REQUEST', retry: 'never' },
  /** The key already names another request: other input, or another operation. */
  KEY_REUSED: { trpc: 'UNPROCESSABLE_CONTENT', retry: 'new-key' },
  /** The first attempt is still running. */
  IN_PROGRESS: { trpc: 'CONFLICT', retry: 'same-key' },
  /** Another intent about the same thing holds the dedupe key. */
  DUPLICATE: { trpc: 'CONFLICT', retry: 'never' },
  /** The key is older than what the server remembers. */
  KEY_EXPIRED: { trpc: 'PRECONDITION_FAILED', retry: 'new-key' },
  /** The caller gave this key up before it arrived. */
  ABANDONED: { trpc: 'PRECONDITION_FAILED', retry: 'new-key' },
  /** Another attempt took over. */
  LEASE_LOST: { trpc: 'CONFLICT', retry: 'same-key' },
  /** The database cannot be reached. It fails closed: a retry finds out what happened. */
  STORE_UNAVAILABLE: { trpc: 'SERVICE_UNAVAILABLE', retry: 'same-key' },
  /** The handler's result cannot be stored; nothing was committed. */
  RESULT_UNSTORABLE: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
  /** It did happen once, but the stored result can no longer be read. */
  RESULT_UNREADABLE: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
  /** The server's own set-up is wrong: an empty scope, a missing intake. */
  MISCONFIGURED: { trpc: 'INTERNAL_SERVER_ERROR', retry: 'never' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** What travels in `error.data.oncekey`. Never holds an input, a result or a key. */
export interface OncekeyErrorData {
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** With `retry: 'same-key'`: wait this long, in ms. */
  readonly retryAfterMs?: number;
  /** With KEY_REUSED: when the key was first used, ISO 8601. */
  readonly firstUsedAt?: string;
  /** With KEY_REUSED: by which operation. */
  readonly firstOperation?: string;
  /** With DUPLICATE: the execution that holds the dedupe key, what became of it, and since when, ISO 8601. */
  readonly duplicateOf?: { readonly executionId: string; readonly state: string; readonly since: string };
  /** With KEY_EXPIRED: the server's clock, ISO 8601, for a client whose own is off. */
  readonly serverTime?: string;
}

// Through the registry, so that two installed copies of this package still know each other's errors.
const BRAND = Symbol.for('oncekey.error');

/** A refusal by oncekey itself, to be told from the app's own errors with {@link isOncekeyError}. */
export class OncekeyError extends Error {
  override readonly name = 'OncekeyError';
  readonly [BRAND] = true;
  readonly data: OncekeyErrorData;

  constructor(
    code: ErrorCode,
    message: string,
    details: Omit<OncekeyErrorData, 'code' | 'retry'> & { readonly cause?: unknown } = {},
  ) {
    const { cause, ...data } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.data = { code, retry: ERRORS[code].retry, ...data };
  }
}

/**
 * The oncekey part of any error: an {@link OncekeyError}, one that carries it as its `cause` (a `TRPCError` on the
 * server), or one that came over the wire (`TRPCClientError`). `undefined` for the app's own errors, whatever their
 * name or code.
 */
export function oncekeyErrorData(error: unknown): OncekeyErrorData | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (BRAND in error && 'data' in error && isErrorData(error.data)) return error.data;
  if ('data' in error && typeof error.data === 'object' && error.data !== null && 'oncekey' in error.data) {
    return isErrorData(error.data.oncekey) ? error.data.oncekey : undefined;
  }
  if ('cause' in error && typeof error.cause === 'object' && error.cause !== null && BRAND in error.cause) {
    return oncekeyErrorData(error.cause);
  }
  return undefined;
}

/** Whether oncekey itself refused, on either side of the wire, and if a code is given, with that one. */
export function isOncekeyError(error: unknown, code?: ErrorCode): boolean {
  const data = oncekeyErrorData(error);
  return data !== undefined && (code === undefined || data.code === code);
}

function isErrorData(value: unknown): value is OncekeyErrorData {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    Object.hasOwn(ERRORS, value.code)
  );
}
