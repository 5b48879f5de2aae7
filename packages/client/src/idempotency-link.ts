import { OncekeyError, parseKey, unwrapOutput, wrapInput } from '@oncekey/core';
import { isNonJsonSerializable, TRPCClientError, type TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import { observable, type Unsubscribable } from '@trpc/server/observable';
import { type Ask, askOf, type KeyedAnswer } from './ask.ts';
import { withHeaderKey } from './idempotency-headers.ts';
import { learnServerTime, mintKey } from './server-clock.ts';
import { keyWatch } from './two-keys.ts';

declare const process: { readonly env: { readonly NODE_ENV?: string } } | undefined;

export interface IdempotencyLinkOptions {
  /**
   * Which mutations get a key though their caller asked for none: all, those of these paths, or those it says yes to.
   * A key on a mutation that is not idempotent on the server is refused there. Default: none.
   */
  readonly auto?: boolean | readonly string[] | ((path: string) => boolean);
  /** Under which name the app has mounted `idempotency.outcomes(…)`. Default: `'idempotency'`. */
  readonly outcomes?: string;
}

/**
 * Sends a key with every mutation that asks for one, and says of its answer whether it was the first or came from the
 * record. Put it first, above `retryLink` and `splitLink`: the key is minted here, once a call, so what stands below
 * retries under the same one.
 *
 * @example createTRPCClient<AppRouter>({ links: [idempotencyLink(), httpBatchLink({ url })] })
 */
export function idempotencyLink<TRouter extends AnyTRPCRouter>(
  options: IdempotencyLinkOptions = {},
): TRPCLink<TRouter> {
  const isAuto = readAuto(options.auto);
  const { outcomes = 'idempotency' } = options;
  return () =>
    ({ op, next }) => {
      const ask = op.type === 'mutation' ? (askOf(op.context) ?? (isAuto(op.path) ? {} : undefined)) : undefined;
      if (!ask) return next(op);
      const parsed = parseKey(ask.key ?? mintKey());
      if (!parsed.ok)
        return failure(new OncekeyError('KEY_INVALID', `The idempotency key is not valid: ${parsed.problem}.`));
      const isOurs = ask.key === undefined;
      // Spelled so that a bundler leaves it out of what is shipped.
      const watch = typeof process !== 'undefined' && process.env.NODE_ENV === 'development' ? keyWatch : undefined;
      if (ask.about) {
        watch?.asked(parsed.key);
        const type = ask.about === 'outcome' ? 'query' : 'mutation';
        return next({ ...op, type, path: `${outcomes}.${ask.about}`, input: { key: parsed.key } });
      }

      return observable((observer) => {
        const send = (key: string, isFirst: boolean): Unsubscribable => {
          if (isFirst) watch?.sent(op.path, op.input, key);
          // Never into the caller's own context: it is passed by reference, and the key would leak into the next call.
          const headerKey = isNonJsonSerializable(op.input) ? { key, isSent: false } : undefined;
          const keyed = headerKey
            ? { ...op, context: withHeaderKey(op.context, headerKey) }
            : { ...op, input: wrapInput(key, op.input, ask.isRetry) };
          return next(keyed).subscribe({
            next(envelope) {
              const { type = 'data' } = envelope.result;
              if (type !== 'data') return observer.next(envelope);
              const { data } = envelope.result as { data: unknown };
              if (headerKey && !headerKey.isSent) return observer.error(TRPCClientError.from(noHeader(op.path)));
              const answered = headerKey
                ? { data, answer: { replayed: readReplayedHeader(envelope.context), executionId: undefined } }
                : unwrapOutput(data);
              if (!answered) return observer.error(TRPCClientError.from(noIntake(op.path)));
              tell(ask, { key, ...answered.answer });
              observer.next({
                ...envelope,
                context: { ...envelope.context, idempotency: { key, ...answered.answer } },
                result: { type, data: answered.data },
              });
            },
            error(error) {
              // A key of ours, minted a moment ago by a clock that is off: nothing was ever done under it.
              if (isOurs && isFirst && learnServerTime(error)) current = send(mintKey(), false);
              else {
                watch?.failed(key, error);
                observer.error(error);
              }
            },
            complete: () => observer.complete(),
          });
        };
        let current = send(parsed.key, true);
        return () => current.unsubscribe();
      });
    };

  function failure(error: Error) {
    return observable<never, TRPCClientError<TRouter>>((observer) => observer.error(TRPCClientError.from(error)));
  }
}

/** A listener that throws must not turn an answer into an error. */
function tell(ask: Ask, answer: KeyedAnswer): void {
  try {
    ask.onAnswer?.(answer);
  } catch (error) {
    console.error(error);
  }
}

function readAuto(auto: IdempotencyLinkOptions['auto'] = false): (path: string) => boolean {
  if (typeof auto === 'function') return auto;
  return typeof auto === 'boolean' ? () => auto : (path) => auto.includes(path);
}

/** Where the key went by header, so does the answer; in the wild it has two names. */
function readReplayedHeader(context: Readonly<Record<string, unknown>> | undefined): boolean {
  const headers = (context?.['response'] as Partial<Response> | undefined)?.headers;
  return (headers?.get('Idempotency-Replayed') ?? headers?.get('Idempotent-Replayed')) === 'true';
}

/** Without this the call would pass for one that happens once. */
function noHeader(path: string): OncekeyError {
  return new OncekeyError(
    'MISCONFIGURED',
    `${path} went without its key, which this input needs a header for: httpLink({ url, headers: idempotencyHeaders }).`,
  );
}

function noIntake(path: string): OncekeyError {
  return new OncekeyError(
    'MISCONFIGURED',
    `The server answered ${path} without saying whether it was replayed: its base procedure has no idempotency.intake.`,
  );
}
