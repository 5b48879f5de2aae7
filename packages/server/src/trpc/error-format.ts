import { ERRORS, OncekeyError, type OncekeyErrorData, oncekeyErrorData } from '@oncekey/core';
import { TRPCError } from '@trpc/server';

/** Our refusals in tRPC's words; anything else as it is. */
export function toTRPCError(error: unknown): unknown {
  if (!(error instanceof OncekeyError)) return error;
  return new TRPCError({ code: ERRORS[error.data.code].trpc, message: error.message, cause: error });
}

/** What an error formatter makes, as far as it is remembered. */
export interface Shape {
  readonly message: string;
  readonly data: object;
}

/** The app's own error formatter, whatever it makes. */
// biome-ignore lint/suspicious/noExplicitAny: tRPC's own options, in which every app's formatter picks what it likes
export type Formatter = (opts: any) => Shape;

/** Carries a remembered error's shape to the formatter. */
export class RememberedShape extends Error {
  readonly shape: Shape;

  constructor(shape: Shape) {
    super('remembered');
    this.shape = shape;
  }
}

type WithOncekey<S extends Shape> = Omit<S, 'data'> & { data: S['data'] & { oncekey?: OncekeyErrorData } };

/** Adds `data.oncekey`, which tells a client what to do next. */
export function errorFormatter<S extends Shape>(opts: { readonly shape: S; readonly error: unknown }): WithOncekey<S> {
  const oncekey = oncekeyErrorData(opts.error);
  const { shape } = opts;
  const remembered = rememberedShape(opts.error);
  const data = { ...shape.data, ...remembered?.data, ...(oncekey && { oncekey }) };
  return { ...shape, message: remembered?.message ?? shape.message, data };
}

/** The app's formatter with ours: it does not see an error that is remembered, which it has formatted once. */
export function formattedBy<Opts extends { readonly shape: Shape; readonly error: unknown }, S extends Shape>(
  formatter: (opts: Opts) => S,
): (opts: Opts) => WithOncekey<S> {
  return (opts) => {
    const shape = rememberedShape(opts.error) ? (opts.shape as S) : formatter(opts);
    return errorFormatter({ shape, error: opts.error });
  };
}

function rememberedShape(error: unknown): Shape | undefined {
  return error instanceof TRPCError && error.cause instanceof RememberedShape ? error.cause.shape : undefined;
}
