import { parseItem, parseList, serializeList, Token } from 'structured-headers';
import { OncekeyError } from './error-codes.ts';

/** The request header of draft-ietf-httpapi-idempotency-key-header. */
export const KEY_HEADER = 'Idempotency-Key';
/** The response header: `true` where the answer came from the record; for a batch a list by index. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/**
 * Reads an `Idempotency-Key` header: for one call an RFC 9651 String (`"k-1"`, accepted unquoted too), for a batch a
 * List by batch index, in which `?0` stands for a call without a key (`"a", ?0, "c"`). The keys themselves are not
 * checked here: see {@link parseKey}.
 *
 * @param calls how many calls the request carries
 * @returns one entry a call, `undefined` where it has no key
 * @throws {OncekeyError} KEY_INVALID, if the header is neither, or has not one member a call
 */
export function parseKeyHeader(header: string, calls: number): (string | undefined)[] {
  const value = header.trim();
  if (calls === 1 && !/^[?"]/.test(value) && !value.includes(',')) return [value];
  const members = calls === 1 ? [parse(() => parseItem(value))] : parse(() => parseList(value));
  if (members.length !== calls) {
    throw invalid(
      `the request has ${calls} calls and the header ${members.length}; write one member a call, ?0 for none`,
    );
  }
  return members.map(([member]) => {
    if (member === false) return undefined;
    if (typeof member === 'string') return member;
    if (member instanceof Token) return member.toString();
    throw invalid('a member is neither a String nor ?0');
  });
}

/** Writes an `Idempotency-Key` header, always quoted; `undefined` if no call has a key. */
export function formatKeyHeader(keys: readonly (string | undefined)[]): string | undefined {
  if (keys.every((key) => key === undefined)) return undefined;
  return serializeList(keys.map((key) => [key ?? false, new Map()]));
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid('it does not parse as an RFC 9651 String, or List of Strings', cause);
  }
}

function invalid(problem: string, cause?: unknown): OncekeyError {
  return new OncekeyError('KEY_INVALID', `${KEY_HEADER}: ${problem}. Example: ${KEY_HEADER}: "a-unique-key"`, {
    cause,
  });
}
