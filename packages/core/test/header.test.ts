import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOncekeyError, OncekeyError, oncekeyErrorData } from '../src/error-codes.ts';
import { formatKeyHeader, KEY_HEADER, parseKeyHeader, REPLAYED_HEADER } from '../src/header.ts';
import { createKey } from '../src/key.ts';

/** Keys as parseKey allows them, with more quotes and backslashes than chance would bring. */
const key = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('"', '\\', ',', '?', ';'),
  ),
  minLength: 1,
  maxLength: 40,
});
const keysWithGaps = fc.array(fc.option(key, { nil: undefined }), { minLength: 1, maxLength: 6 });

/** A header that was right until somebody changed, dropped or added a character or two. */
const mutated = fc
  .tuple(
    keysWithGaps,
    fc.array(
      fc.tuple(
        fc.nat(60),
        fc.nat(1),
        fc.constantFrom('', '"', '\\', ',', '?', ';', '(', ')', ':', '%', '@', '\t', 'ä'),
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  )
  .map(([keys, changes]) =>
    changes.reduce(
      (header, [at, dropped, added]) => header.slice(0, at) + added + header.slice(at + dropped),
      formatKeyHeader(keys) ?? '?0',
    ),
  );
const headerLike = fc.string({ unit: fc.constantFrom(...'"?01,; a=-.\\()%@:*\t'), maxLength: 20 });

/** What comes of a header: its keys, or what was thrown. */
function attempt(header: string, calls: number): { keys?: (string | undefined)[]; thrown?: unknown } {
  try {
    return { keys: parseKeyHeader(header, calls) };
  } catch (thrown) {
    return { thrown };
  }
}

describe('the names of the headers', () => {
  it('are those of the IETF draft and of the design', () => {
    expect([KEY_HEADER, REPLAYED_HEADER]).toEqual(['Idempotency-Key', 'Idempotency-Replayed']);
  });
});

describe('formatKeyHeader', () => {
  it('writes what parseKeyHeader reads, for any keys and gaps', () => {
    fc.assert(
      fc.property(keysWithGaps, (keys) => {
        const header = formatKeyHeader(keys);
        if (keys.every((each) => each === undefined)) expect(header).toBeUndefined();
        else expect(parseKeyHeader(header ?? '', keys.length)).toEqual(keys);
      }),
      { numRuns: 500 },
    );
  });

  it('always quotes, and escapes quotes and backslashes', () => {
    expect(formatKeyHeader(['k-1'])).toBe('"k-1"');
    expect(formatKeyHeader(['a', undefined, 'c'])).toBe('"a", ?0, "c"');
    expect(formatKeyHeader(['a"b\\c'])).toBe(String.raw`"a\"b\\c"`);
  });

  it('writes no header where no call has a key', () => {
    expect(formatKeyHeader([])).toBeUndefined();
    expect(formatKeyHeader([undefined, undefined])).toBeUndefined();
  });
});

describe('parseKeyHeader, for one call', () => {
  it.each([
    ['a String', '"k-1"', 'k-1'],
    ['a String with escapes', String.raw`"a\"b\\c"`, 'a"b\\c'],
    ['a String with a comma in it', '"a,b"', 'a,b'],
    ['a String with spaces in it (RFC 9651, 3.3.3), which parseKey refuses', '"hello world"', 'hello world'],
    ['a String with spaces around it', '  "k-1"  ', 'k-1'],
    ['an empty String, which parseKey refuses', '""', ''],
    ['a String with parameters, which mean nothing', '"k";a=1;b', 'k'],
    ['an unquoted word', 'k-1', 'k-1'],
    ['an unquoted word with a quote in it', 'k"1', 'k"1'],
    [
      'an unquoted UUID that begins with a digit',
      '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
      '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    ],
    [
      'an unquoted UUID that begins with a letter',
      'c17f22e2-79b0-4cc3-98c4-dc0c0c07398f',
      'c17f22e2-79b0-4cc3-98c4-dc0c0c07398f',
    ],
    ['an unquoted number, as the text that it is', '007', '007'],
    ['an unquoted word with what looks like parameters, as the text that it is', 'k;a=1', 'k;a=1'],
    ['what is no String at all, unparsed: parseKey judges it', '("a" "b")', '("a" "b")'],
    ['?0, no key', '?0', undefined],
    ['an empty header, which parseKey refuses', '', ''],
  ])('reads %s', (_, header, expected) => {
    expect(parseKeyHeader(header, 1)).toEqual([expected]);
  });

  it('reads every key that createKey mints, quoted or not', () => {
    const minted = createKey();
    expect(parseKeyHeader(minted, 1)).toEqual([minted]);
    expect(parseKeyHeader(`"${minted}"`, 1)).toEqual([minted]);
  });

  it.each([
    ['two header lines, joined by a comma', '"a", "b"'],
    ['the same key in two header lines', '"a", "a"'],
    ['two unquoted header lines', 'a,b'],
    ['two lines, the second without a key', '"a", ?0'],
    ['a String that does not end', '"a'],
    ['a String that ends in an escape', '"a\\'],
    ['a String with an unknown escape', '"a\\n"'],
    ['a String beyond ASCII', '"ä"'],
    ['a String with a control character', '"a\tb"'],
    ['two Strings with a space between', '"a" "b"'],
    ['text behind the String', '"a"b'],
    ['?1, which is no key', '?1'],
    ['half a Boolean', '?'],
    ['a parameter without a name', '"a";'],
  ])('refuses %s', (_, header) => {
    expect(isOncekeyError(attempt(header, 1).thrown, 'KEY_INVALID')).toBe(true);
  });
});

describe('parseKeyHeader, for a batch', () => {
  it.each<[string, string, (string | undefined)[]]>([
    ['a List of Strings', '"a", "b"', ['a', 'b']],
    ['two header lines, joined by a comma', '"a","b"', ['a', 'b']],
    ['?0 for a call without a key', '"a", ?0, "c"', ['a', undefined, 'c']],
    ['?0 for every call', '?0, ?0', [undefined, undefined]],
    ['unquoted words (RFC 9651, 3.1)', 'sugar, tea, rum', ['sugar', 'tea', 'rum']],
    ['tabs and spaces around the commas', '"a" \t,\t "b"', ['a', 'b']],
    ['parameters (RFC 9651, 3.1.2), which mean nothing', 'abc;a=1;b=2; cde_456, "x";q="9"', ['abc', 'x']],
    ['the same key twice', '"a", "a"', ['a', 'a']],
  ])('reads %s', (_, header, expected) => {
    expect(parseKeyHeader(header, expected.length)).toEqual(expected);
  });

  it.each([
    ['fewer members than calls', '"a"', 2],
    ['more members than calls', '"a", "b", "c"', 2],
    ['one unquoted member for two calls', 'a', 2],
    ['an empty header', '', 2],
    ['a comma at the end', '"a", "b",', 2],
    ['a comma at the beginning', ', "a", "b"', 2],
    ['a member that is missing', '"a",, "b"', 2],
    ['?1', '"a", ?1', 2],
    ['an Integer', '"a", 7', 2],
    ['a Decimal', '"a", 4.5', 2],
    ['a Byte Sequence (RFC 9651, 3.3.5)', '"a", :cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:', 2],
    ['a Date (RFC 9651, 3.3.7)', '"a", @1659578233', 2],
    ['a Display String (RFC 9651, 3.3.8)', '"a", %"f%c3%bcr"', 2],
    ['an Inner List (RFC 9651, 3.1.1)', '"a", ("foo" "bar")', 2],
    ['an unquoted UUID that begins with a digit', '"a", 017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 2],
  ])('refuses %s', (_, header, calls) => {
    expect(isOncekeyError(attempt(header, calls).thrown, 'KEY_INVALID')).toBe(true);
  });

  it('says how many members it wants where they are too few or too many', () => {
    expect(attempt('"a", "b", "c"', 2).thrown).toMatchObject({
      message: expect.stringContaining('the request has 2 calls and the header 3'),
    });
  });
});

describe('parseKeyHeader, for junk', () => {
  it('reads one entry a call or throws KEY_INVALID, and nothing else', () => {
    const junk = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), headerLike, mutated);
    fc.assert(
      fc.property(junk, fc.integer({ min: 1, max: 4 }), (header, calls) => {
        const { keys, thrown } = attempt(header, calls);
        if (keys) {
          expect(keys).toHaveLength(calls);
          for (const each of keys) expect(['string', 'undefined']).toContain(typeof each);
        } else {
          expect(thrown).toBeInstanceOf(OncekeyError);
          expect(oncekeyErrorData(thrown)).toEqual({ code: 'KEY_INVALID', retry: 'never' });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('never tells the header in what it throws, nor in the cause', () => {
    const secret = 'hunter2';
    const around = fc.oneof(headerLike, fc.constantFrom('"', '?', '"a", ', ':', '%"', '"x";', '(', '"\\'));
    let refused = 0;
    fc.assert(
      fc.property(around, around, fc.integer({ min: 1, max: 3 }), (before, after, calls) => {
        const { thrown } = attempt(before + secret + after, calls);
        if (!(thrown instanceof OncekeyError)) return;
        refused++;
        expect(`${thrown.message} ${thrown.stack} ${String(thrown.cause)}`).not.toContain(secret);
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
