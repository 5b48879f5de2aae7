import { describe, expect, it } from 'vitest';
import { contentOf } from '../src/content.ts';

describe('contentOf', () => {
  it('is the same for the same input, whatever the order of its properties', () => {
    expect(contentOf({ a: 1, b: [new Date(5)] })).toBe(contentOf({ b: [new Date(5)], a: 1 }));
    expect(contentOf(undefined)).toBe(contentOf(undefined));
  });

  it('never merges what differs only where JSON looks away', () => {
    const texts = [
      new Map(),
      new Map([[1, 2]]),
      new Set([1]),
      {},
      [],
      [undefined],
      new Date(0),
      1n,
      '1',
      undefined,
      null,
    ].map(contentOf);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('tells files apart by what they are, at any depth, and knows the same one again', () => {
    const file = new File(['x'], 'a.csv');
    const twin = new File(['x'], 'a.csv');
    expect(contentOf(file)).toBe(contentOf(file));
    expect(contentOf(file)).not.toBe(contentOf(twin));
    expect(contentOf({ rows: [file] })).toBe(contentOf({ rows: [file] }));
    expect(contentOf({ rows: [file] })).not.toBe(contentOf({ rows: [twin] }));
  });

  it('knows a form by its fields, though each submit builds a new FormData', () => {
    const form = (value: string | File) => {
      const data = new FormData();
      data.set('a', value);
      return data;
    };
    const file = new File(['x'], 'a.csv');
    expect(contentOf(form('1'))).toBe(contentOf(form('1')));
    expect(contentOf(form('1'))).not.toBe(contentOf(form('2')));
    expect(contentOf(form(file))).toBe(contentOf(form(file)));
    for (const twin of [[...form('1')], { form: [...form('1')] }])
      expect(contentOf(form('1'))).not.toBe(contentOf(twin));
  });

  it('of what has no form at all is equal to itself only', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(contentOf(cycle)).toBe(contentOf(cycle));
    expect(contentOf(cycle)).not.toBe(contentOf({ ...cycle }));
  });
});
