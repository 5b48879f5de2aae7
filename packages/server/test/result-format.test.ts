import { isOncekeyError } from '@oncekey/core';
import fc from 'fast-check';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { createResultFormat } from '../src/result-format.ts';

const plain = createResultFormat(undefined);
const rich = createResultFormat(superjson);

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
});
