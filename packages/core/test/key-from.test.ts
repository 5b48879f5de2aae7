import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NotCanonicalError } from '../src/canonical-json.ts';
import { createKey, parseKey } from '../src/key.ts';
import { keyFrom } from '../src/key-from.ts';

const MINUTE_MS = 60_000;

// The clock stands still: whether a time is 100 ms old must not depend on how busy the machine is.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('keyFrom', () => {
  it('is the same for the same parts, today and tomorrow', () => {
    const at = new Date('2026-01-02T03:04:05.006Z');
    const key = keyFrom(['user-1', { b: 1, a: [at] }, 'f00d']);
    vi.setSystemTime(Date.now() + 24 * 60 * MINUTE_MS);
    expect(keyFrom(['user-1', { a: [new Date(at)], b: 1 }, 'f00d'])).toBe(key);
  });

  it('is the same on any machine: base64url of SHA-256 over the canonical parts', () => {
    expect(keyFrom(['user-1', { b: 1, a: 2 }])).toBe(
      createHash('sha256').update('["user-1",{"a":2,"b":1}]').digest('base64url'),
    );
  });

  it('is a key of 43 characters', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1 }), ([first = 'a', ...rest]) => {
        const key = keyFrom([first, ...rest]);
        expect(key).toMatch(/^[\w-]{43}$/);
        expect(parseKey(key)).toEqual({ ok: true, key, bornAt: undefined });
      }),
    );
  });

  it('delimits its parts, and minds their order and number', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', '|', '\\'), minLength: 1, maxLength: 3 });
    const parts = fc.tuple(part, part).chain(([one, two]) => fc.constantFrom([one, two], [two, one], [one + two]));
    fc.assert(
      fc.property(parts, parts, ([a = 'a', ...rest], [b = 'b', ...others]) => {
        const same = JSON.stringify([a, ...rest]) === JSON.stringify([b, ...others]);
        expect(keyFrom([a, ...rest]) === keyFrom([b, ...others])).toBe(same);
      }),
      { numRuns: 1_000 },
    );
    const keys = [['ab', 'c'], ['a', 'bc'], ['abc'], ['c', 'ab'], [['ab', 'c']], ['ab|c'], ['ab,c'], ['ab","c']];
    expect(new Set(keys.map(([first, ...rest]) => keyFrom([first, ...rest]))).size).toBe(keys.length);
  });

  it('tells a number from its text', () => {
    expect(keyFrom([1])).not.toBe(keyFrom(['1']));
  });
});

describe('keyFrom, for a clock or an id just minted', () => {
  const clocks: [string, () => unknown][] = [
    ['Date.now()', () => Date.now()],
    ['a time with fractions of a millisecond', () => Date.now() + 0.25],
    ['a BigInt of now', () => BigInt(Date.now())],
    ['new Date()', () => new Date()],
    ['Date.now() in a text (seed 1)', () => `user_mapping_file_${Date.now()}`],
    ['Date.now() as a text', () => String(Date.now())],
    ['Date.now() behind a control character', () => `user\0${Date.now()}`],
    ['Date.now() behind a backslash', () => `user\\${Date.now()}`],
    ['an ISO time of now', () => new Date().toISOString()],
    ['an ISO time of now in a text', () => `import of ${new Date().toISOString()}, second try`],
    ['an ISO time of now with an offset', () => new Date().toISOString().replace('Z', '+00:00')],
    ['a fresh key', () => createKey()],
    ['a fresh key in a text, in capitals', () => `import/${createKey().toUpperCase()}/1`],
    ['a URL with a clock in it', () => new URL(`https://a.example/?t=${Date.now()}`)],
    ['an object whose toJSON gives now', () => ({ toJSON: () => new Date().toISOString() })],
    ['a property named after now', () => ({ [`row-${Date.now()}`]: true })],
  ];

  it.each(clocks)('refuses %s: no two keys would ever be equal', (_, clock) => {
    expect(() => keyFrom(['user-1', clock()])).toThrow(TypeError);
    expect(() => keyFrom(['user-1', clock()])).toThrow(
      /^keyFrom: part 1 holds (?:the current time|an id minted just now)/,
    );
  });

  it.each(clocks)('refuses %s in an object, a list, a Map and a Set', (_, clock) => {
    const nests: ((value: unknown) => unknown)[] = [
      (value) => ({ a: value }),
      (value) => [0, value],
      (value) => new Map([['a', value]]),
      (value) => new Map([[value, 'a']]),
      (value) => new Set([value]),
      (value) => ({ a: [new Map([['b', new Set([{ c: value }])]])] }),
    ];
    for (const nest of nests) expect(() => keyFrom([nest(clock())])).toThrow(/^keyFrom: part 0 holds/);
  });

  it('takes a clock for one up to 100 ms after it was read, and a stored time from then on', () => {
    const stored = [Date.now(), new Date(), `at ${Date.now()}`, new Date().toISOString(), createKey()];
    vi.setSystemTime(Date.now() + 99);
    for (const part of stored) expect(() => keyFrom([part])).toThrow(/part 0 holds/);
    // createKey may run a millisecond ahead of the clock, to stay monotonic.
    vi.setSystemTime(Date.now() + 10);
    for (const part of stored) expect(() => keyFrom([part])).not.toThrow();
  });

  it('takes a time in the near future for a clock too: clocks are off', () => {
    expect(() => keyFrom([Date.now() + 50])).toThrow(/the current time/);
    expect(() => keyFrom([Date.now() + MINUTE_MS])).not.toThrow();
  });

  it('takes a clock for one however long it takes to write out the parts', () => {
    const slow = { toJSON: () => vi.setSystemTime(Date.now() + MINUTE_MS) && 'a large part' };
    expect(() => keyFrom([slow, Date.now()])).toThrow(/part 1 holds the current time/);
  });

  it('looks only at what gets into the key, not at what an object keeps beside it', () => {
    const order = { id: 17, loadedAt: Date.now(), toJSON: () => ({ id: 17 }) };
    expect(keyFrom([order])).toBe(keyFrom([{ id: 17 }]));
  });

  it('welcomes what was stored: old times and ids, random ids, hashes, numbers', () => {
    const old = Date.now() - MINUTE_MS;
    const parts = [
      ...[old, new Date(old), new Date(old).toISOString(), `order ${old}`, BigInt(old)],
      ...['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '919108f7-52d1-4320-9bac-f847db4148a8', randomUUID()],
      ...[0, -1, 1.5, false, 1n, 17, 'a', [], {}, new Uint8Array([1])],
    ];
    for (const part of parts) expect(() => keyFrom([part])).not.toThrow();
    fc.assert(
      fc.property(fc.string(), (file) => {
        const hash = createHash('sha256').update(file);
        keyFrom([hash.copy().digest('hex'), hash.copy().digest('base64'), hash.digest()]);
      }),
    );
  });

  it('does not find a clock in a longer number: that is an account or a card', () => {
    expect(() => keyFrom([`${Date.now()}0`, `9${Date.now()}`])).not.toThrow();
  });
});

describe('keyFrom, for what makes no key', () => {
  it.each([undefined, null, ''])('refuses %j for a part: different requests would share a key', (part) => {
    expect(() => keyFrom(['user-1', part])).toThrow(TypeError);
    expect(() => keyFrom(['user-1', part])).toThrow(/^keyFrom: part 1 is missing/);
    expect(() => keyFrom([part])).toThrow(/^keyFrom: part 0 is missing/);
  });

  it('refuses a hole among the parts', () => {
    const parts: [string, ...string[]] = ['a', 'b', 'c'];
    delete parts[1];
    expect(() => keyFrom(parts)).toThrow(/part 1 is missing/);
  });

  it('refuses no parts at all', () => {
    // @ts-expect-error: at least one part
    expect(() => keyFrom([])).toThrow(/at least one part/);
  });

  it('takes 0 and false for parts: they are there', () => {
    expect(keyFrom([0])).not.toBe(keyFrom([false]));
  });

  it('refuses a cycle and a function with a TypeError that says where', () => {
    const node: Record<string, unknown> = {};
    node['next'] = { previous: node };
    const map = new Map<string, unknown>();
    map.set('self', map);
    for (const [part, message] of [
      [node, 'a cycle at value.0.next.previous'],
      [map, 'a cycle at value.0.1'],
      [{ run: () => 1 }, 'a function at value.0.run'],
    ] as const) {
      expect(() => keyFrom([part])).toThrow(NotCanonicalError);
      expect(() => keyFrom([part])).toThrow(TypeError);
      expect(() => keyFrom([part])).toThrow(message);
    }
  });

  it('takes an object in a cycle that its toJSON leaves out, as the rows of an ORM are', () => {
    const row: Record<string, unknown> = { id: 17, toJSON: () => ({ id: 17 }) };
    row['session'] = { rows: [row] };
    expect(keyFrom([row])).toBe(keyFrom([{ id: 17 }]));
  });
});
