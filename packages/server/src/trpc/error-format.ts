import { ERRORS, OncekeyError, type OncekeyErrorData, oncekeyErrorData } from '@oncekey/core';
import { TRPCError } from '@trpc/server';

/** Our refusals in tRPC's words; anything else as it is. */
export function toTRPCError(error: unknown): unknown {
  if (!(error instanceof OncekeyError)) return error;
  return new TRPCError({ code: ERRORS[error.data.code].trpc, message: error.message, cause: error });
}

/**
 * The router's `errorFormatter`: adds `data.oncekey`, which tells a client what to do next. Composes with your own:
 *
 * @example initTRPC.create({ errorFormatter: (opts) => myFormat({ ...opts, shape: idempotency.errorFormatter(opts) }) })
 */
export function errorFormatter<Shape extends { readonly data: object }>(opts: {
  readonly shape: Shape;
  readonly error: unknown;
}): Omit<Shape, 'data'> & { data: Shape['data'] & { oncekey?: OncekeyErrorData } } {
  const oncekey = oncekeyErrorData(opts.error);
  return { ...opts.shape, data: oncekey ? { ...opts.shape.data, oncekey } : opts.shape.data };
}
