import { isOncekeyError } from '@oncekey/core';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { type TRPC_ERROR_CODE_KEY, TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { ErrorMemory } from '../engine.ts';
import { readUnstorable, storeUnstorable } from '../remembered-error.ts';
import { type Formatter, RememberedShape, type Shape } from './error-format.ts';

interface StoredTRPCError {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly message: string;
  /** What the app's formatter made of it. */
  readonly shape?: Shape | undefined;
}

/** Not refusals of what was asked, but of who asked, when, or how often: the next try may be answered otherwise. */
const NOT_FINAL: ReadonlySet<TRPC_ERROR_CODE_KEY> = new Set([
  'UNAUTHORIZED',
  'FORBIDDEN',
  'TIMEOUT',
  'TOO_MANY_REQUESTS',
  'CLIENT_CLOSED_REQUEST',
]);

/** Whether a handler's error says "refused": a 4xx TRPCError of its own, and no parser's. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof TRPCError) || NOT_FINAL.has(error.code)) return false;
  // tRPC throws a parser's failure as BAD_REQUEST, with the parser's error as its cause.
  if (error.code === 'BAD_REQUEST' && error.cause !== undefined) return false;
  const status = getHTTPStatusCodeFromError(error);
  return status >= 400 && status < 500;
}

/** How the errors of one call are remembered. */
export function trpcErrors(
  remember: (error: unknown) => boolean,
  formatter: Formatter | undefined,
  call: { readonly path: string; readonly ctx: object; readonly input: unknown },
): ErrorMemory {
  return {
    write(error) {
      if (isOncekeyError(error, 'RESULT_UNSTORABLE')) return storeUnstorable(error);
      // An error of ours says how things stand now, also where a nested call was refused.
      if (isOncekeyError(error) || !remember(unwrap(error))) return undefined;
      const { code, message } =
        error instanceof TRPCError ? error : { code: 'INTERNAL_SERVER_ERROR' as const, message: String(error) };
      return { code, message, shape: shapeOf(error, formatter, call) } satisfies StoredTRPCError;
    },
    read(stored) {
      const { code, message, shape } = stored as StoredTRPCError;
      return readUnstorable(stored) ?? new TRPCError({ code, message, cause: shape && new RememberedShape(shape) });
    },
  };
}

/** tRPC wraps whatever is thrown; `remember` is shown what the handler threw. */
function unwrap(error: unknown): unknown {
  return error instanceof TRPCError && error.code === 'INTERNAL_SERVER_ERROR' && error.cause ? error.cause : error;
}

/** As tRPC will show it to the client, so that a replay shows the same; without the stack, which is no replay's. */
function shapeOf(
  error: unknown,
  formatter: Formatter | undefined,
  { path, ctx, input }: { readonly path: string; readonly ctx: object; readonly input: unknown },
): Shape | undefined {
  if (!formatter || !(error instanceof TRPCError)) return undefined;
  const { code, message } = error;
  const data = { code, httpStatus: getHTTPStatusCodeFromError(error), path };
  const shape = { message, code: TRPC_ERROR_CODES_BY_KEY[code], data };
  const formatted = formatter({ shape, error, type: 'mutation', path, input, ctx });
  const { stack: _, ...rest } = formatted.data as Record<string, unknown>;
  return { message: formatted.message, data: rest };
}
