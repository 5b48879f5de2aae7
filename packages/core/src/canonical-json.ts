/**
 * Deeper values are refused: recursion must end before the stack does, whatever a stranger sends.
 */
const MAX_DEPTH = 500;

/** Turns an object that JSON does not know (a class instance) into something that it does. */
export type EncodeUnknown = (value: object) => unknown;

/** A value that has no canonical form: a function, a symbol, a cycle, an unknown class. `path` says where it stands. */
export class NotCanonicalError extends TypeError {
  override readonly name = 'NotCanonicalError';
  readonly path: string;

  constructor(what: string, path: string) {
    super(`${what} at ${path} has no canonical form`);
    this.path = path;
  }
}

/**
 * One text for one value, whatever the order of its keys: two values are the same request exactly if their canonical
 * texts are equal.
 *
 * A JSON value gives its RFC 8785 (JSON Canonicalization Scheme) form. What JSON cannot hold but transformers carry
 * (`Date`, `BigInt`, `Map`, `Set`, `undefined`, `NaN`, `RegExp`, binary data) gives `@name` and its content: no JSON
 * text begins with `@`, so it never collides with a JSON value. As in JSON, a property that is `undefined` is absent
 * and `toJSON` is honoured. Lone surrogates, which RFC 8785 leaves to an error, keep their `\ud800` escape.
 *
 * @param encodeUnknown asked for instances of unknown classes; without it they are refused
 * @throws {NotCanonicalError} for functions, symbols, cycles, unknown classes, and nesting deeper than 500
 */
export function canonicalize(value: unknown, encodeUnknown?: EncodeUnknown): string {
  return write(value, { encodeUnknown, parents: new Set(), path: [] });
}

interface Walk {
  readonly encodeUnknown: EncodeUnknown | undefined;
  readonly parents: Set<object>;
  readonly path: (string | number)[];
}

function write(value: unknown, walk: Walk): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : `@number"${value}"`;
    case 'bigint':
      return `@bigint"${value}"`;
    case 'undefined':
      return '@undefined';
    case 'object':
      return value === null ? 'null' : writeNested(value, walk);
    default:
      throw refuse(`a ${typeof value}`, walk);
  }
}

function writeNested(value: object, walk: Walk): string {
  if (walk.parents.has(value)) throw refuse('a cycle', walk);
  if (walk.parents.size >= MAX_DEPTH) throw refuse('a value nested this deep', walk);
  walk.parents.add(value);
  const text = writeObject(value, walk);
  walk.parents.delete(value);
  return text;
}

function writeObject(value: object, walk: Walk): string {
  if (Array.isArray(value)) return writeList(value, walk);
  if (value instanceof Date) return `@Date${JSON.stringify(value)}`;
  if (value instanceof Map) return `@Map${writeList([...value].flat(), walk)}`;
  if (value instanceof Set) return `@Set${writeList([...value], walk)}`;
  if (value instanceof RegExp) return `@RegExp${writeList([value.source, value.flags], walk)}`;
  if (value instanceof ArrayBuffer) return `@ArrayBuffer"${hex(new Uint8Array(value))}"`;
  if (ArrayBuffer.isView(value)) return writeView(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return write(value.toJSON(), walk);
  if (isPlain(value)) return writeRecord(value, walk);
  if (walk.encodeUnknown) return `@unknown${write(walk.encodeUnknown(value), walk)}`;
  throw refuse(`an instance of ${value.constructor?.name || 'an unknown class'}`, walk);
}

function writeList(items: readonly unknown[], walk: Walk): string {
  const texts = Array.from(items, (item, index) => at(walk, index, () => write(item, walk)));
  return `[${texts.join(',')}]`;
}

function writeRecord(record: Record<string, unknown>, walk: Walk): string {
  // RFC 8785 3.2.3: sorted by UTF-16 code units, which is what a sort without a comparator does.
  const names = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .sort();
  const texts = names.map((name) => `${JSON.stringify(name)}:${at(walk, name, () => write(record[name], walk))}`);
  return `{${texts.join(',')}}`;
}

function writeView(view: ArrayBufferView): string {
  // A Buffer is a Uint8Array to everyone else, and comes out of a transformer as one.
  const name = view instanceof Uint8Array ? 'Uint8Array' : view.constructor.name;
  return `@${name}"${hex(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))}"`;
}

function at(walk: Walk, step: string | number, run: () => string): string {
  walk.path.push(step);
  const text = run();
  walk.path.pop();
  return text;
}

function refuse(what: string, walk: Walk): NotCanonicalError {
  return new NotCanonicalError(what, ['value', ...walk.path].join('.'));
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
