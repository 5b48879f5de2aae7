export { canonicalize, type EncodeUnknown, NotCanonicalError } from './canonical-json.ts';
export { type Answer, unwrapInput, unwrapOutput, wrapInput, wrapOutput } from './envelope.ts';
export {
  ERRORS,
  type ErrorCode,
  isOncekeyError,
  OncekeyError,
  type OncekeyErrorData,
  oncekeyErrorData,
  type Retry,
} from './error-codes.ts';
export { fingerprint } from './fingerprint.ts';
export { formatKeyHeader, KEY_HEADER, parseKeyHeader, REPLAYED_HEADER } from './header.ts';
export { createKey, MAX_KEY_LENGTH, type ParsedKey, parseKey } from './key.ts';
export { keyFrom } from './key-from.ts';
