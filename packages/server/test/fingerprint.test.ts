import { fingerprint as portable } from '@oncekey/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fingerprint } from '../src/fingerprint.ts';

it('is that of core, for any input, lone surrogates included: the two must never part', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), (operation, input) => {
      expect(fingerprint(operation, input)).toBe(portable(operation, input));
    }),
  );
  expect(fingerprint('add', new URL('https://example.com'), String)).toBe(
    portable('add', new URL('https://example.com'), String),
  );
});
