import { createHash } from 'node:crypto';
import fc from 'fast-check';
import superjson from 'superjson';
import { describe, expect, it } from 'vitest';
import { canonicalize, NotCanonicalError } from '../src/canonical-json.ts';
import { fingerprint } from '../src/fingerprint.ts';

const json = fc.jsonValue({ stringUnit: 'binary' });

/**
 * What superjson carries: none of the names that could pollute a prototype, and no object in two places, as superjson
 * then changes the order of a Set or a Map that holds it.
 */
const carried: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.constantFrom(true, false, null, undefined, NaN, Infinity, -Infinity, -0),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom('', 'gi').map((flags) => new RegExp('a.b', flags)),
    fc.webUrl().map((url) => new URL(url)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name)),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('fingerprint', () => {
  it('is SHA-256 over the operation and the canonical input, as 64 lower-case hex digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.oneof(json, carried), (operation, input) => {
        const print = fingerprint(operation, input);
        expect(print).toMatch(/^[0-9a-f]{64}$/);
        expect(print).toBe(sha256(canonicalize([operation, input])));
      }),
    );
  });

  it('stays what it is from release to release: records outlive a deploy', () => {
    const text = '["invoices.create",{"at":@Date"2026-01-02T03:04:05.006Z","cents":1250,"to":"Ä & Söhne"}]';
    const input = { to: 'Ä & Söhne', cents: 1250, at: new Date('2026-01-02T03:04:05.006Z'), note: undefined };
    expect(fingerprint('invoices.create', input)).toBe(sha256(text));
  });

  it('tells apart what differs in operation or input, wherever one ends and the other begins', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '.', '"', ',', '[', '\\'), maxLength: 3 });
    fc.assert(
      fc.property(part, part, part, part, (operation, input, otherOperation, otherInput) => {
        const same = operation === otherOperation && input === otherInput;
        expect(fingerprint(operation, input) === fingerprint(otherOperation, otherInput)).toBe(same);
      }),
      { numRuns: 1_000 },
    );
    const prints = [
      fingerprint('a', 'bc'),
      fingerprint('ab', 'c'),
      fingerprint('a","bc', ''),
      fingerprint('a', ['bc']),
      fingerprint('a', undefined),
      fingerprint('a', null),
      fingerprint('a', {}),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('does not depend on the order of keys', () => {
    expect(fingerprint('op', { a: 1, b: { c: 2, d: 3 } })).toBe(fingerprint('op', { b: { d: 3, c: 2 }, a: 1 }));
  });

  it('is the same on both ends of a JSON transport', () => {
    fc.assert(
      fc.property(json, (input) => {
        expect(fingerprint('op', JSON.parse(JSON.stringify(input)))).toBe(fingerprint('op', input));
      }),
    );
    const input = { absent: undefined, zero: -0, url: new URL('https://a.example') };
    expect(fingerprint('op', JSON.parse(JSON.stringify(input)))).toBe(fingerprint('op', input));
  });

  it('is the same on both ends of a superjson transport', () => {
    fc.assert(
      fc.property(carried, (input) => {
        expect(fingerprint('op', superjson.parse(superjson.stringify(input)))).toBe(fingerprint('op', input));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses an input without a canonical form, unless it is told how to encode it', () => {
    class Money {}
    expect(() => fingerprint('op', { price: new Money() })).toThrow(NotCanonicalError);
    expect(fingerprint('op', new Money(), () => 'EUR 5')).toBe(sha256('["op",@unknown"EUR 5"]'));
  });
});
