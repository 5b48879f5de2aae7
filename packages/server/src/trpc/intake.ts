import { OncekeyError, unwrapInput, wrapOutput } from '@oncekey/core';
import { initTRPC } from '@trpc/server';
import { type Call, callOf, withCall } from './call.ts';
import { toTRPCError } from './error-format.ts';
import { isIdempotent } from './procedure-meta.ts';
import { rereadable } from './raw-input.ts';
import { requestKeysOf } from './request-keys.ts';

// isDev: false, or this instance's formatter would put stacks into answers.
const t = initTRPC.context<object>().create({ isDev: false });

/**
 * First on the base procedure, before the app's own middlewares: takes the key out of the envelope, so that parsers
 * see the input that was meant, and puts the answer into one.
 */
export const intake = t.procedure.use(async (opts) => {
  if (opts.type !== 'mutation') return opts.next();
  const { ctx, path, batchIndex } = opts;
  const outer = callOf(ctx);
  if (outer && outer.rawInput === opts.getRawInput) return opts.next(); // added twice to one chain

  // A request without a body makes tRPC throw here. Whether that is an error is for `.input()` to say.
  const raw = await opts.getRawInput().catch(() => undefined);
  const envelope = unwrapInput(raw);
  const idempotent = isIdempotent(opts.meta);
  if (envelope && !idempotent) throw toTRPCError(notIdempotent(path));

  const keys = requestKeysOf(ctx);
  const call: Call = {
    path,
    key: envelope ? envelope.key : idempotent ? takeKey(() => keys?.take(batchIndex, path)) : undefined,
    isRetry: envelope?.isRetry ?? false,
    rawInput: raw === undefined ? opts.getRawInput : await rereadable(envelope ? envelope.input : raw),
  };
  const result = await opts.next({ ctx: withCall(call), getRawInput: call.rawInput } as { ctx: object });
  if (!result.ok || !call.answer) return result;
  keys?.answered(batchIndex, call.answer.replayed);
  return envelope ? { ...result, data: wrapOutput(call.answer, result.data) } : result;
});

function takeKey(take: () => string | undefined): string | undefined {
  try {
    return take();
  } catch (error) {
    throw toTRPCError(error);
  }
}

function notIdempotent(path: string): OncekeyError {
  return new OncekeyError(
    'NOT_IDEMPOTENT',
    `${path} is not idempotent and takes no idempotency key. Wrap it on the server, or call it without a key.`,
  );
}
