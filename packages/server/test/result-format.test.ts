import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { isOncekeyError } from '@oncekey/core';
import fc from 'fast-check';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { aesGcm } from '../src/result-codec.ts';
import { createResultFormat, type ResultOptions } from '../src/result-format.ts';

function formatOf(options: Partial<ResultOptions> = {}) {
  const format = createResultFormat({ maxBytes: 1_000, ...options });
  return {
    write: (data: unknown, context = 'k-1') => format.write(data, context),
    read: (text: string | null, context = 'k-1') => format.read(text, context),
  };
}
const plain = formatOf({ maxBytes: Number.MAX_SAFE_INTEGER });
const rich = formatOf({ transformer: superjson });

describe('a stored result', () => {
  it('comes back as any JSON value was, without a transformer', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = plain.write(value);
        expect(JSON.stringify(plain.read(text))).toBe(JSON.stringify(value));
        expect(plain.write(plain.read(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['Date', new Date(1_700_000_000_123)],
    ['BigInt', 12_345_678_901_234_567_890n],
    [
      'Map',
      new Map<unknown, unknown>([
        ['a', new Date(0)],
        ['b', new Map([[1, 2n]])],
      ]),
    ],
    ['Set', new Set([1, 'two', undefined])],
    ['Uint8Array', new Uint8Array([1, 2, 255])],
    ['nested', { at: new Date(5), gone: undefined, list: [undefined, 1n, new Set([new Date(1)])] }],
    ['NUL and lone surrogates', 'a\u0000b\ud800'],
    ['key order', { b: 1, a: 2, 10: 3, 1: 4 }],
  ])('comes back as the same %s with superjson, to the last byte', (_, value) => {
    const text = rich.write(value);
    expect(rich.read(text)).toStrictEqual(value);
    expect(rich.write(rich.read(text))).toBe(text);
  });

  it('is undefined for a handler that returned nothing, without a transformer', () => {
    expect(plain.write(undefined)).toBeNull();
    expect(plain.read(null)).toBeUndefined();
  });

  it.each([
    ['a function', { run() {} }],
    ['a symbol', [Symbol('x')]],
    ['a promise', { later: Promise.resolve(1) }],
    ['an async generator', (async function* () {})()],
    ['a generator', { rows: (function* () {})() }],
    ['a stream', { body: new ReadableStream() }],
  ])('cannot be %s: JSON would keep an empty object in silence', (_, value) => {
    for (const format of [plain, rich]) {
      expect(() => format.write(value)).toThrow(
        expect.toSatisfy((error) => isOncekeyError(error, 'RESULT_UNSTORABLE')),
      );
    }
  });

  it('cannot be a BigInt or a cycle where nothing can write it', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const value of [1n, { n: [1n] }, cycle]) {
      expect(() => plain.write(value)).toThrow(expect.toSatisfy((error) => isOncekeyError(error, 'RESULT_UNSTORABLE')));
    }
  });

  it('that was corrupted says so and does not crash its reader', () => {
    for (const text of ['{', '', 'undefined', '{"json":']) {
      expect(() => rich.read(text)).toThrow(expect.toSatisfy((error) => isOncekeyError(error, 'RESULT_UNREADABLE')));
    }
  });

  it('is not quoted in the error when it cannot be read', () => {
    let shown = '';
    try {
      rich.read('"secret');
    } catch (error) {
      shown = inspect(error, { showHidden: true });
    }
    expect(shown).toContain('RESULT_UNREADABLE');
    expect(shown).not.toContain('secret');
  });

  it('is refused over maxResultBytes, which counts bytes and not characters', () => {
    const small = formatOf({ maxBytes: 12 });
    expect(small.write('ä'.repeat(5))).toBe(JSON.stringify('ä'.repeat(5)));
    expect(() => small.write('ä'.repeat(6))).toThrow('14 bytes');
  });
});

describe('a result encrypted at rest', () => {
  const [old, current] = [randomBytes(32), randomBytes(32)];
  const before = formatOf({ transformer: superjson, codec: aesGcm({ keys: { old }, current: 'old' }) });
  const rotated = formatOf({ transformer: superjson, codec: aesGcm({ keys: { old, current }, current: 'current' }) });
  const after = formatOf({ transformer: superjson, codec: aesGcm({ keys: { current }, current: 'current' }) });
  const value = { iban: 'DE02 1203 0000 0000 2020 51', at: new Date(5) };
  const isUnreadable = expect.toSatisfy((error) => isOncekeyError(error, 'RESULT_UNREADABLE'));

  it('comes back, and shows nothing, twice the same least of all', () => {
    const text = before.write(value) ?? '';
    expect(before.read(text)).toEqual(value);
    expect(text).not.toContain('iban');
    expect(text).not.toBe(before.write(value));
  });

  it('is readable through a change of keys, and not after the old one is gone', () => {
    const text = before.write(value);
    expect(rotated.read(text)).toEqual(value);
    expect(after.read(rotated.write(value))).toEqual(value);
    expect(() => after.read(text)).toThrow(isUnreadable);
  });

  it('does not decrypt for another record, nor with a bit changed or cut', () => {
    const text = before.write(value, '5:alicek-1') ?? '';
    expect(() => before.read(text, '3:bobk-1')).toThrow(isUnreadable);
    fc.assert(
      fc.property(fc.nat(text.length - 1), (at) => {
        const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
        // The last character of base64url may hold bits that stand for nothing.
        fc.pre(
          Buffer.from(changed.split('.')[1] ?? '', 'base64url').compare(
            Buffer.from(text.split('.')[1] ?? '', 'base64url'),
          ) !== 0,
        );
        expect(() => before.read(changed, '5:alicek-1')).toThrow(isUnreadable);
        expect(() => before.read(text.slice(0, at), '5:alicek-1')).toThrow(isUnreadable);
      }),
    );
  });

  it('wants keys of 32 bytes, and one that is current', () => {
    expect(() => aesGcm({ keys: { a: randomBytes(16) }, current: 'a' })).toThrow(RangeError);
    expect(() => aesGcm({ keys: { a: old }, current: 'b' })).toThrow(RangeError);
    expect(() => aesGcm({ keys: { 'a.b': old }, current: 'a.b' })).toThrow(RangeError);
  });
});
