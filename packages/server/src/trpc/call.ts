import type { Answer } from '@oncekey/core';

/**
 * What the intake knows of one call, for the middleware further down the chain. It travels in the context under a
 * symbol, so that it survives every spread of the context and collides with nothing of the app's.
 */
export interface Call {
  readonly path: string;
  /** As it came, not checked yet; `undefined`: none came. */
  readonly key: unknown;
  /** Sent before, as its sender says. */
  readonly isRetry: boolean;
  /** The input without its envelope. */
  readonly rawInput: () => Promise<unknown>;
  /** Set once the call was answered by an idempotent procedure. */
  answer?: Answer;
}

const CALL = Symbol('oncekey.call');
const ACTIVE = Symbol('oncekey.active');

export function withCall(call: Call): object {
  return { [CALL]: call };
}

export function callOf(ctx: object): Call | undefined {
  return (ctx as { [CALL]?: Call })[CALL];
}

/** Marks the call as taken by an idempotent middleware, so that the same middleware added twice steps aside. */
export function withActive(call: Call): object {
  return { [ACTIVE]: call };
}

export function isActive(ctx: object, call: Call): boolean {
  return (ctx as { [ACTIVE]?: Call })[ACTIVE] === call;
}
