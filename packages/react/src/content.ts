import { canonicalize, NotCanonicalError } from '@oncekey/core';

let lastId = 0;
const ids = new WeakMap<object, number>();

/**
 * What an input says, as a text to compare: two submits mean the same if their texts are equal. Never loses a
 * difference: what has no canonical form, such as a File, is equal to itself only.
 */
export function contentOf(input: unknown): string {
  try {
    const encodeUnknown = (object: object) => ({ object: idOf(object) });
    // `~` begins no canonical text: a form must not pass for an array of its fields.
    if (input instanceof FormData) return `~form${canonicalize([...input], encodeUnknown)}`;
    return canonicalize(input, encodeUnknown);
  } catch (error) {
    if (error instanceof NotCanonicalError)
      return `~${typeof input === 'object' && input !== null ? idOf(input) : ++lastId}`;
    throw error;
  }
}

function idOf(object: object): number {
  const id = ids.get(object) ?? ++lastId;
  ids.set(object, id);
  return id;
}
