import fc from 'fast-check';
import { validate, version } from 'uuid';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createKey, MAX_KEY_LENGTH, parseKey } from '../src/key.ts';

function bornAt(key: string): number {
  const parsed = parseKey(key);
  if (!parsed.ok || !parsed.bornAt) throw new Error(`not a UUIDv7: ${key}`);
  return parsed.bornAt.getTime();
}

describe('createKey', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('mints UUIDv7s, which are keys', () => {
    const key = createKey();
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseKey(key)).toMatchObject({ ok: true, key });
  });

  it('puts the time of birth inside', () => {
    const before = Date.now();
    const born = bornAt(createKey());
    expect(born).toBeGreaterThanOrEqual(before);
    expect(born).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('never mints a key twice, and mints them in ascending order', () => {
    const keys = Array.from({ length: 5_000 }, createKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.toSorted()).toEqual(keys);
  });

  it('mints what others take for a UUIDv7, with its time', () => {
    for (let i = 0; i < 2_000; i++) {
      const at = Math.floor(Math.random() * 2 ** 45);
      const key = createKey(i % 2 ? at : undefined);
      expect(validate(key)).toBe(true);
      expect(version(key)).toBe(7);
      if (i % 2) expect(bornAt(key)).toBe(at);
    }
  });

  it('spreads: no bit of its random part stands still', () => {
    const digits = Array.from({ length: 500 }, () => createKey(0).replaceAll('-', '').slice(13));
    const ones = new Array<number>(76).fill(0);
    for (const text of digits) {
      const bits = BigInt(`0x${text}`).toString(2).padStart(76, '0');
      for (const [at, bit] of [...bits].entries()) ones[at] = (ones[at] ?? 0) + Number(bit);
    }
    // The counter's first bit is left for counting, and the variant is fixed.
    const still = ones.flatMap((count, at) => (count === 0 || count === 500 ? [at] : []));
    expect(still).toEqual([0, 12, 13]);
  });

  it('goes on ascending when the clock is set back', () => {
    const first = createKey();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000);
    const keys = [first, createKey(), createKey()];
    expect(keys.toSorted()).toEqual(keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('parseKey', () => {
  const unicode = fc.string({ unit: 'binary', maxLength: 40 });
  const ascii = fc.string({ unit: fc.integer({ min: 0x20, max: 0x80 }).map((code) => String.fromCharCode(code)) });
  const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  const nearlyLongest = fc.string({ unit: visible, minLength: 253, maxLength: 258 });
  const oneOddCharacter = fc
    .tuple(fc.string({ unit: visible, maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 1 }), fc.nat(20))
    .map(([key, odd, at]) => key.slice(0, at) + odd + key.slice(at));

  it('takes 1 to 255 visible ASCII characters and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(unicode, ascii, nearlyLongest, oneOddCharacter), (value) => {
        const parsed = parseKey(value);
        expect(parsed.ok).toBe(/^[\x21-\x7e]{1,255}$/.test(value));
        if (parsed.ok) expect(parsed.key).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['nothing', '', false],
    ['a space', ' ', false],
    ['a space inside', 'a b', false],
    ['a space at the end', 'a ', false],
    ['a line break at the end', 'a\n', false],
    ['a NUL', 'a\0', false],
    ['a DEL', '\x7f', false],
    ['a letter beyond ASCII', 'ä', false],
    ['an emoji', '🔑', false],
    ['one character', '~', true],
    ['quotes and backslashes', '"\\"', true],
    ['255 characters', 'x'.repeat(MAX_KEY_LENGTH), true],
    ['256 characters', 'x'.repeat(MAX_KEY_LENGTH + 1), false],
  ])('decides on %s', (_, value, ok) => {
    expect(parseKey(value).ok).toBe(ok);
  });

  it('never throws, and takes nothing but a string, whatever the value', () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('touched');
        },
      },
    );
    const values = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
      fc.constantFrom<unknown>(hostile, Symbol('key'), () => 'key', Object.create(null), new String('key'), ['key']),
    );
    fc.assert(
      fc.property(values, (value) => {
        const parsed = parseKey(value);
        if (typeof value !== 'string') expect(parsed.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('never tells the value in the problem: only its kind or its length', () => {
    const problems = [
      /^expected a string, got (?:null|an array|undefined|boolean|number|bigint|symbol|object|function)$/,
      /^it is empty$/,
      /^it has \d+ characters, 255 are allowed$/,
      /^only visible ASCII characters are allowed, no spaces$/,
    ];
    fc.assert(
      fc.property(fc.oneof(unicode, nearlyLongest, oneOddCharacter, fc.anything()), (value) => {
        const parsed = parseKey(value);
        if (!parsed.ok) expect(problems.some((problem) => problem.test(parsed.problem))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('reads the time of birth of a UUIDv7 (RFC 9562, A.6), in either case', () => {
    const born = new Date('2022-02-22T19:22:22.000Z');
    for (const key of ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F']) {
      expect(parseKey(key)).toEqual({ ok: true, key, bornAt: born });
    }
  });

  it.each([
    ['a word', 'order-17'],
    ['a UUIDv4', '919108f7-52d1-4320-9bac-f847db4148a8'],
    ['a UUIDv6', '1ec9414c-232a-6b00-b3c8-9f6bdeced846'],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['version 7 with another variant', '017f22e2-79b0-7cc3-18c4-dc0c0c07398f'],
    ['a UUIDv7 with something before it', 'x017f22e2-79b0-7cc3-98c4-dc0c0c07398f'],
    ['a UUIDv7 with something behind it', '017f22e2-79b0-7cc3-98c4-dc0c0c07398fx'],
  ])('knows no time of birth of %s', (_, key) => {
    expect(parseKey(key)).toEqual({ ok: true, key, bornAt: undefined });
  });
});
