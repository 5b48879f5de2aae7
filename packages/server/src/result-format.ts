import { OncekeyError } from '@oncekey/core';
import type { ResultCodec } from './result-codec.ts';

interface Codec {
  serialize(value: unknown): unknown;
  deserialize(value: unknown): unknown;
}

/** The router's own transformer, in either of the forms that tRPC takes, such as `superjson`. */
export type Transformer = Codec | { readonly input: Codec; readonly output: Codec };

/** How results are written to the record and read back, so that a replay is the first answer to the last byte. */
export interface ResultFormat {
  /**
   * @param context names what the result is of: see {@link ResultCodec}
   * @throws {OncekeyError} RESULT_UNSTORABLE
   */
  write(data: unknown, context: string): string | null;
  /** @throws {OncekeyError} RESULT_UNREADABLE */
  read(text: string | null, context: string): unknown;
  /** What the fingerprint does with an object that JSON does not know; `undefined` without a transformer. */
  readonly encodeInput: ((value: object) => unknown) | undefined;
}

export interface ResultOptions {
  readonly transformer?: Transformer | undefined;
  readonly codec?: ResultCodec | undefined;
  readonly maxBytes: number;
}

const JSON_ONLY: Codec = { serialize: (value) => value, deserialize: (value) => value };
const AS_IT_IS: ResultCodec = { encode: (text) => text, decode: (text) => text };

/** Without a transformer a result is stored as the JSON that tRPC sends. */
export function createResultFormat({ transformer, codec = AS_IT_IS, maxBytes }: ResultOptions): ResultFormat {
  const { input, output } = inAndOut(transformer ?? JSON_ONLY);
  return {
    write(data, context) {
      refuseUnstorable(data, 'result', new Set());
      const text = serialize(output, data);
      if (text === undefined) return null;
      const bytes = Buffer.byteLength(text);
      if (bytes > maxBytes) {
        throw unstorable(`it has ${bytes} bytes, maxResultBytes allows ${maxBytes}; return an id instead`);
      }
      return codec.encode(text, context);
    },
    read(text, context) {
      try {
        return output.deserialize(text === null ? undefined : JSON.parse(codec.decode(text, context)));
      } catch {
        // Without the cause: a parser quotes what it could not read.
        throw new OncekeyError(
          'RESULT_UNREADABLE',
          'This request succeeded before, but its stored result can no longer be read. It was not run again.',
        );
      }
    },
    encodeInput: transformer && ((value) => input.serialize(value)),
  };
}

function serialize(codec: Codec, data: unknown): string | undefined {
  try {
    return JSON.stringify(codec.serialize(data));
  } catch (cause) {
    throw unstorable('it cannot be serialised; does createIdempotency know the router’s transformer?', cause);
  }
}

function inAndOut(transformer: Transformer): { readonly input: Codec; readonly output: Codec } {
  return 'output' in transformer ? transformer : { input: transformer, output: transformer };
}

/** JSON turns these into `{}` without a word, and the replay would answer with less than the first. */
function refuseUnstorable(value: unknown, path: string, parents: Set<object>): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw unstorable(`a ${typeof value} at ${path}`);
  if (typeof value !== 'object' || value === null || parents.has(value)) return;
  if ('then' in value && typeof value.then === 'function') throw unstorable(`a promise at ${path}`);
  if (Symbol.asyncIterator in value || value instanceof ReadableStream) throw unstorable(`a stream at ${path}`);
  if (isGenerator(value)) throw unstorable(`a generator at ${path}`);
  if (!Array.isArray(value) && !isPlain(value)) return;
  parents.add(value);
  for (const [name, nested] of Object.entries(value)) refuseUnstorable(nested, `${path}.${name}`, parents);
  parents.delete(value);
}

function isGenerator(value: object): boolean {
  return Symbol.iterator in value && 'next' in value && typeof value.next === 'function';
}

/** Instances of classes are the transformer's business, which may know how to write them. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function unstorable(what: string, cause?: unknown): OncekeyError {
  const message = `The result cannot be stored: ${what}. Return plain data.`;
  return new OncekeyError('RESULT_UNSTORABLE', message, cause === undefined ? {} : { cause });
}
