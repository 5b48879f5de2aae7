import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapInput, unwrapOutput, wrapInput, wrapOutput } from '../src/envelope.ts';

const answers = fc.record({ replayed: fc.boolean(), executionId: fc.uuid({ version: 7 }) }, { noNullPrototype: true });
/** As JSON brings it: without -0. */
const json = fc.json().map((text) => JSON.parse(text) as unknown);

describe('the envelope of an input', () => {
  it('is what the design says, on the wire', () => {
    expect(JSON.stringify(wrapInput('k-1', { a: 1 }))).toBe('{"~idempotency":{"key":"k-1"},"input":{"a":1}}');
  });

  it('says of a retry that it is one, and believes nothing but true', () => {
    expect(JSON.stringify(wrapInput('k-1', 1, true))).toBe('{"~idempotency":{"key":"k-1","retry":true},"input":1}');
    expect(unwrapInput(wrapInput('k-1', 1, true))).toStrictEqual({ key: 'k-1', isRetry: true, input: 1 });
    expect(unwrapInput({ '~idempotency': { key: 'k', retry: 'yes' }, input: 1 })?.isRetry).toBe(false);
  });

  it('carries any key and any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.anything(), (key, input) => {
        const envelope = unwrapInput(wrapInput(key, input));
        expect(envelope?.key).toBe(key);
        expect(envelope?.input).toBe(input);
      }),
    );
  });

  it('carries them as JSON too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), json, (key, input) => {
        expect(unwrapInput(JSON.parse(JSON.stringify(wrapInput(key, input))))).toStrictEqual({
          key,
          isRetry: false,
          input,
        });
      }),
    );
    expect(unwrapInput(JSON.parse(JSON.stringify(wrapInput('k', undefined))))).toStrictEqual({
      key: 'k',
      isRetry: false,
      input: undefined,
    });
  });

  it('carries an input that is an envelope itself', () => {
    const inner = wrapInput('inner', 1);
    expect(unwrapInput(wrapInput('outer', inner))).toStrictEqual({ key: 'outer', isRetry: false, input: inner });
  });

  it.each([1, null, undefined, '', { a: 1 }, ['k'], 'not a key'])('hands on the key %j unchecked', (key) => {
    expect(unwrapInput({ '~idempotency': { key }, input: 2 })).toStrictEqual({ key, isRetry: false, input: 2 });
  });

  it.each([null, undefined, 'k', 1, ['k'], {}, Object.create({ key: 'k' })])(
    'has no key if its head is %j: whoever takes the key refuses that',
    (head) => {
      expect(unwrapInput({ '~idempotency': head, input: 2 })).toStrictEqual({
        key: undefined,
        isRetry: false,
        input: 2,
      });
    },
  );
});

describe('the envelope of an answer', () => {
  it('is what the design says, on the wire', () => {
    expect(JSON.stringify(wrapOutput({ replayed: true, executionId: 'e-1' }, [1]))).toBe(
      '{"~idempotency":{"replayed":true,"executionId":"e-1"},"data":[1]}',
    );
  });

  it('says that it has waited, and only that', () => {
    const answer = { replayed: true, executionId: 'e-1', waited: true } as const;
    expect(unwrapOutput(JSON.parse(JSON.stringify(wrapOutput(answer, 1))))).toStrictEqual({ answer, data: 1 });
    expect(unwrapOutput({ '~idempotency': { ...answer, waited: 'yes' }, data: 1 })?.answer).not.toHaveProperty(
      'waited',
    );
  });

  it('carries any answer and any data back', () => {
    fc.assert(
      fc.property(answers, fc.anything(), (answer, data) => {
        const envelope = unwrapOutput(wrapOutput(answer, data));
        expect(envelope?.answer).toStrictEqual(answer);
        expect(envelope?.data).toBe(data);
      }),
    );
  });

  it('carries them as JSON too', () => {
    fc.assert(
      fc.property(answers, json, (answer, data) => {
        expect(unwrapOutput(JSON.parse(JSON.stringify(wrapOutput(answer, data))))).toStrictEqual({ answer, data });
      }),
    );
  });

  it('sends nothing but what the answer promises', () => {
    const record = { replayed: false, executionId: 'e-1', scope: 'user-1', key: 'secret' };
    expect(JSON.stringify(wrapOutput(record, 1))).not.toMatch(/secret|user-1/);
  });

  it.each([
    null,
    'e-1',
    [],
    {},
    { replayed: true },
    { executionId: 'e-1' },
    { replayed: 'true', executionId: 'e-1' },
    { replayed: true, executionId: 1 },
  ])('is none if its head is %j', (head) => {
    expect(unwrapOutput({ '~idempotency': head, data: 1 })).toBeUndefined();
  });
});

describe('what is no envelope', () => {
  const input = wrapInput('k', 1);
  const output = wrapOutput({ replayed: true, executionId: 'e-1' }, 1);

  it('gives undefined, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withMap: true, withDate: true }), (value) => {
        expect(unwrapInput(value)).toBeUndefined();
        expect(unwrapOutput(value)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, (envelope: object) => unknown]>([
    ['an envelope in a list', (envelope) => [envelope]],
    ['a list with the properties of an envelope', (envelope) => Object.assign([], envelope)],
    ['a function with the properties of an envelope', (envelope) => Object.assign(() => 1, envelope)],
    ['an object that inherits from an envelope', (envelope) => Object.create(envelope)],
    [
      'parsed JSON with an envelope as its __proto__',
      (envelope) => JSON.parse(`{"__proto__":${JSON.stringify(envelope)}}`),
    ],
    ['an assigned __proto__', (envelope) => Object.setPrototypeOf({ input: 1, data: 1 }, envelope)],
    ['an envelope one level down', (envelope) => ({ input: envelope, data: envelope })],
    ['the text of an envelope', (envelope) => JSON.stringify(envelope)],
    ['a Map with its entries', (envelope) => new Map(Object.entries(envelope))],
  ])('is %s', (_, disguise) => {
    expect(unwrapInput(disguise(input))).toBeUndefined();
    expect(unwrapOutput(disguise(output))).toBeUndefined();
  });
});
