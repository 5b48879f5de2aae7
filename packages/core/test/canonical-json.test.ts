import { isDeepStrictEqual } from 'node:util';
import rfc8785 from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize, NotCanonicalError } from '../src/canonical-json.ts';

/** Any Unicode, so that the order of keys beyond the basic plane counts too. */
const json = fc.jsonValue({ stringUnit: 'binary' });

/** What transformers carry, nested in each other, from so few leaves that near misses are common. */
const rich: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(0, -0, 1, 12, NaN, Infinity, -Infinity, 0n, 1n, 12n, true, false, null, undefined),
    fc.constantFrom('', '0', '1', '12', 'a', '"', '\\', 'null', '[]', '{}', '0","1', '\ud800', '\\ud800'),
    fc.constantFrom('@undefined', '@bigint"1"', '@number"NaN"', '@Date"1970-01-01T00:00:00.000Z"', '@Map[]'),
    fc.constantFrom('1970-01-01T00:00:00.000Z', 'NaN', 'undefined', '00', '01'),
    fc.constantFrom(0, 1, 12, NaN).map((time) => new Date(time)),
    fc.constantFrom(/a/, /a/g, /g/, /a","g/, /(?:)/),
    fc
      .tuple(fc.constantFrom(Uint8Array, Int8Array, Uint8ClampedArray), fc.array(fc.nat(1), { maxLength: 2 }))
      .chain(([View, bytes]) =>
        fc.constantFrom(new View(bytes), new View(bytes).buffer, new DataView(new View(bytes).buffer)),
      ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '1', '"', '@Map', '__proto__'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

/** The only two differences that JSON itself does not know: -0 is 0, and a property that is undefined is absent. */
function asJsonSeesIt(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(asJsonSeesIt);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [asJsonSeesIt(key), asJsonSeesIt(item)]));
  if (value instanceof Set) return new Set([...value].map(asJsonSeesIt));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, asJsonSeesIt(item)]),
  );
}

function shuffleKeys(value: unknown, random: fc.GeneratorValue): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, random));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, shuffleKeys(item, random)]));
  if (!isRecord(value)) return value;
  const names = Object.keys(value);
  // Shuffles the indexes: `random` takes two arguments for the same if they differ in a RegExp only.
  const order = random(fc.shuffledSubarray<number>, [...names.keys()], { minLength: names.length });
  return Object.fromEntries(
    order.map((index) => names[index] ?? '').map((name) => [name, shuffleKeys(value[name], random)]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('canonicalize, for JSON', () => {
  it('is RFC 8785: the same as the npm package canonicalize, for every JSON value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalize(value)).toBe(rfc8785(value));
      }),
      { numRuns: 500 },
    );
  });

  it('writes the example of RFC 8785, 3.2.2', () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalize(JSON.parse(text))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('sorts the example of RFC 8785, 3.2.3, by UTF-16 code units', () => {
    const text = String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`;
    const names = [...canonicalize(JSON.parse(text)).matchAll(/:"([^"]*)"/g)].map(([, name]) => name);
    expect(names).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s of RFC 8785, appendix B, as %s', (bits, text) => {
    expect(canonicalize(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
  });

  it('does not depend on the order of keys, at any depth', () => {
    fc.assert(
      fc.property(fc.oneof(json, rich), fc.gen(), (value, random) => {
        expect(canonicalize(shuffleKeys(value, random))).toBe(canonicalize(value));
      }),
      { numRuns: 500 },
    );
  });

  it('depends on the order of a list', () => {
    expect(canonicalize([1, 2])).not.toBe(canonicalize([2, 1]));
  });

  it('has no property that is undefined, at any depth', () => {
    expect(canonicalize({ b: undefined, a: [{ c: undefined }] })).toBe('{"a":[{}]}');
  });

  it('writes -0 as 0', () => {
    expect(canonicalize([-0, { a: -0 }])).toBe('[0,{"a":0}]');
  });

  it('keeps an own property named __proto__, which is one in parsed JSON', () => {
    expect(canonicalize(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it('asks toJSON, as JSON does', () => {
    const money = { cents: 5, toJSON: () => ({ currency: 'EUR', amount: '0.05' }) };
    expect(canonicalize([money, new URL('https://a.example')])).toBe(
      '[{"amount":"0.05","currency":"EUR"},"https://a.example/"]',
    );
  });

  it('takes an object without a prototype, and one of another realm, for what it is', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(canonicalize(Object.assign(Object.create(null), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
    expect(canonicalize(runInNewContext('({ b: [1], a: {} })'))).toBe('{"a":{},"b":[1]}');
  });

  it('does not throw at a lone surrogate, and tells it from its own escape', () => {
    expect(canonicalize('\ud800')).toBe(String.raw`"\ud800"`);
    expect(canonicalize({ '\udc00': 1 })).toBe(String.raw`{"\udc00":1}`);
    expect(canonicalize(String.raw`\ud800`)).toBe(String.raw`"\\ud800"`);
  });

  it('takes the same object in several places: that is no cycle', () => {
    const shared = { a: [1] };
    expect(canonicalize([shared, { shared }, new Map([[shared, shared.a]])])).toBe(
      '[{"a":[1]},{"shared":{"a":[1]}},@Map[{"a":[1]},[1]]]',
    );
  });

  it('leaves its input as it was', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const before = structuredClone(value);
        canonicalize(value);
        expect(isDeepStrictEqual(value, before)).toBe(true);
      }),
    );
    const frozen = Object.freeze({ b: Object.freeze([2, 1]), a: 1 });
    expect(canonicalize(frozen)).toBe('{"a":1,"b":[2,1]}');
    expect(Object.keys(frozen)).toEqual(['b', 'a']);
  });
});

describe('canonicalize, for what JSON cannot hold', () => {
  it('gives equal values one text', () => {
    fc.assert(
      fc.property(rich, (value) => {
        expect(canonicalize(structuredClone(value))).toBe(canonicalize(value));
      }),
      { numRuns: 500 },
    );
  });

  it('gives values that differ two texts', () => {
    fc.assert(
      fc.property(fc.array(rich, { minLength: 100, maxLength: 200 }), (values) => {
        const seen = new Map<string, unknown>();
        for (const value of values.map(asJsonSeesIt)) {
          const text = canonicalize(value);
          if (seen.has(text) && !isDeepStrictEqual(seen.get(text), value)) expect.fail(`two values share ${text}`);
          seen.set(text, value);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never takes one kind for another, however alike they look', () => {
    const bytes = new Uint8Array([1, 2]);
    const values: unknown[] = [
      ...[{}, [], new Map(), new Set(), '', null, undefined, 'undefined', '@undefined', [undefined], [null], [[]]],
      ...[1, 1n, '1', '1n', '@bigint"1"', true, 'true', new Set([1]), [1], { 0: 1 }, new Map([[0, 1]])],
      ...[NaN, 'NaN', '@number"NaN"', Infinity, -Infinity, 'Infinity', new Date(NaN)],
      ...[new Date(0), 0, new Date(0).toISOString(), '@Date"1970-01-01T00:00:00.000Z"'],
      ...[{ '@Date': new Date(0).toISOString() }, { Date: new Date(0).toISOString() }],
      ...[bytes, bytes.buffer, new DataView(bytes.buffer), new Uint16Array(bytes.buffer), new Int8Array(bytes)],
      ...['0102', '@Uint8Array"0102"', [1, 2], { 0: 1, 1: 2 }],
      ...[/a/, /a/g, '/a/', ['a', ''], ['a', 'g'], '@RegExp["a",""]'],
      ...[['a', 'b'], ['a,b'], ['a","b'], ['ab'], { a: 'b' }, new Map([['a', 'b']]), new Set(['a', 'b'])],
    ];
    expect(new Set(values.map((value) => canonicalize(value))).size).toBe(values.length);
  });

  it('keeps the entries of a Map apart, though it writes them in one list', () => {
    const maps: unknown[] = [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      new Map([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
      new Map<unknown, unknown>([[1, [2, 3, 4]]]),
      new Map<unknown, unknown>([[[1, 2, 3], 4]]),
      new Map<unknown, unknown>([
        [[1, 2], 3],
        [4, undefined],
      ]),
      new Map<unknown, unknown>([
        [1, 2],
        [[3, 4], undefined],
      ]),
      new Map<unknown, unknown>([[[], []]]),
      new Map<unknown, unknown>([[[[]], []]]),
      new Map<unknown, unknown>([[[], [[]]]]),
      new Map<unknown, unknown>([[new Map([[1, 2]]), new Map([[3, 4]])]]),
      new Map<unknown, unknown>([
        [1, new Map<unknown, unknown>([[2, 3]])],
        [4, 5],
      ]),
      new Set([1, 2, 3, 4]),
      [1, 2, 3, 4],
    ];
    expect(new Set(maps.map((map) => canonicalize(map))).size).toBe(maps.length);
  });

  it('takes a Buffer for the Uint8Array that others see, and only the part of the memory that it shows', () => {
    expect(canonicalize(Buffer.from('a'))).toBe(canonicalize(new Uint8Array([97])));
    expect(canonicalize(new Uint8Array([1, 2, 3]).subarray(1, 2))).toBe(canonicalize(new Uint8Array([2])));
    expect(canonicalize(new DataView(new ArrayBuffer(4), 1, 2))).toBe('@DataView"0000"');
  });
});

class Money {
  readonly cents = 5;
}

describe('canonicalize, for what has no canonical form', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = { again: cycle };
  const map = new Map<string, unknown>();
  map.set('self', map);
  const list: unknown[] = [];
  list.push(0, list);

  it.each<[string, unknown, string, string]>([
    ['a function', { a: [() => 1] }, 'a function', 'value.a.0'],
    ['a symbol', { a: Symbol('s') }, 'a symbol', 'value.a'],
    ['an unknown class', { price: [0, new Money()] }, 'an instance of Money', 'value.price.1'],
    ['a Promise', Promise.resolve(), 'an instance of Promise', 'value'],
    ['an Error', new Error('no'), 'an instance of Error', 'value'],
    ['a WeakMap', [new WeakMap()], 'an instance of WeakMap', 'value.0'],
    ['a Blob', { file: new Blob(['a']) }, 'an instance of Blob', 'value.file'],
    ['an object in a cycle', cycle, 'a cycle', 'value.self.again'],
    ['a list in itself', list, 'a cycle', 'value.1'],
    ['a Map in itself', map, 'a cycle', 'value.1'],
    ['a Set in itself', new Set([new Set([Symbol('s')])]), 'a symbol', 'value.0.0'],
  ])('refuses %s, and says where it stands', (_, value, what, path) => {
    let refusal: unknown;
    try {
      canonicalize(value);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(NotCanonicalError);
    expect(refusal).toBeInstanceOf(TypeError);
    expect(refusal).toMatchObject({
      name: 'NotCanonicalError',
      path,
      message: `${what} at ${path} has no canonical form`,
    });
  });

  it('refuses a Map of another realm: it would look empty', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(() => canonicalize(runInNewContext('new Map([[1, 2]])'))).toThrow('an instance of Map at value');
  });

  it('takes 500 levels, and refuses the 501st and any number of more before the stack ends', () => {
    expect(canonicalize(nested(500))).toHaveLength(500 * 2 + 250 * 4 + 1);
    for (const levels of [501, 1_000, 100_000]) {
      expect(() => canonicalize(nested(levels))).toThrow(NotCanonicalError);
      expect(() => canonicalize(nested(levels))).toThrow(/nested this deep/);
    }
  });

  it('ends when toJSON gives one more object each time', () => {
    const endless = () => ({ toJSON: endless });
    expect(() => canonicalize(endless())).toThrow(/nested this deep/);
  });

  it('works as before after it has thrown, on the same objects too', () => {
    const shared: { a: unknown } = { a: () => 1 };
    const input = [shared, shared];
    expect(() => canonicalize(input)).toThrow('a function at value.0.a');
    expect(() => canonicalize(input)).toThrow('a function at value.0.a');
    shared.a = 1;
    expect(canonicalize(input)).toBe('[{"a":1},{"a":1}]');
  });
});

describe('canonicalize with encodeUnknown', () => {
  it('asks for instances of unknown classes only', () => {
    const asked: object[] = [];
    const encode = (value: object) => {
      asked.push(value);
      return { cents: (value as Money).cents };
    };
    const money = new Money();
    expect(canonicalize([{}, new Date(0), new URL('a:b'), { price: money }], encode)).toBe(
      '[{},@Date"1970-01-01T00:00:00.000Z","a:b",{"price":@unknown{"cents":5}}]',
    );
    expect(asked).toEqual([money]);
  });

  it('tells what it encodes from the same value written plainly', () => {
    expect(canonicalize(new Money(), () => 'EUR 5')).not.toBe(canonicalize('EUR 5'));
  });

  it('refuses an encoder that gives the object back, or one more unknown object each time', () => {
    expect(() => canonicalize(new Money(), (value) => value)).toThrow(/a cycle at value /);
    expect(() => canonicalize(new Money(), () => new Money())).toThrow(/nested this deep/);
  });
});
