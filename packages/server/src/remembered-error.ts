import { isOncekeyError, OncekeyError } from '@oncekey/core';
import type { ErrorMemory } from './engine.ts';

/** A remembered error of an execution outside of tRPC, given again: its name, message and code, and no stack of ours. */
export class RememberedError extends Error {
  readonly code: string | undefined;

  constructor({ name, message, code }: { name: string; message: string; code?: string | undefined }) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

/** For `execute`: nothing is remembered but what `remember` names, and what can never be stored. */
export function plainErrors(remember: ((error: unknown) => boolean) | undefined): ErrorMemory {
  return {
    write(error) {
      if (isOncekeyError(error, 'RESULT_UNSTORABLE')) return storeUnstorable(error);
      if (isOncekeyError(error) || !remember?.(error)) return undefined;
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
      return { name, message, code } satisfies StoredError;
    },
    read: (stored) => readUnstorable(stored) ?? new RememberedError(stored as StoredError),
  };
}

const UNSTORABLE = 'oncekey.RESULT_UNSTORABLE';

/** It did happen, so it must not happen again: the refusal itself is what is remembered. */
export function storeUnstorable(error: unknown): StoredError {
  return { name: UNSTORABLE, message: error instanceof Error ? error.message : '' };
}

export function readUnstorable(stored: unknown): OncekeyError | undefined {
  const { name, message } = stored as StoredError;
  return name === UNSTORABLE ? new OncekeyError('RESULT_UNSTORABLE', message) : undefined;
}
