import { OncekeyError, parseKey } from '@oncekey/core';
import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { abandonKey, lookOutcome, type Outcome, type TimedKey } from '../outcome.ts';
import type { Store } from '../store.ts';
import { toTRPCError } from './error-format.ts';

interface KeyInput {
  readonly key: string;
}

/**
 * Procedures that an app mounts under a name of its choice; `oncekey`'s clients look for `idempotency`. A type and not
 * an interface, which tRPC would not take for a router's record.
 */
export type OutcomeProcedures = {
  /** What became of a key of the caller's own. */
  readonly outcome: TRPCQueryProcedure<{ input: KeyInput; output: Outcome; meta: object }>;
  /** Makes sure that a key that was not seen never takes effect; otherwise says what became of it. */
  readonly abandon: TRPCMutationProcedure<{ input: KeyInput; output: Outcome & { isNew: boolean }; meta: object }>;
};

export interface OutcomeSettings {
  readonly store: Store<never>;
  readonly scopeOf: (ctx: object) => string;
  readonly actorOf: ((ctx: object) => string | undefined) | undefined;
  readonly retentionMs: () => number;
}

/** A procedure builder, as far as it is used here: whose context it has is the app's business. */
interface Base {
  input(parser: (value: unknown) => KeyInput): {
    query(resolve: Resolve): unknown;
    mutation(resolve: Resolve): unknown;
  };
}
type Resolve = (opts: { readonly ctx: object; readonly input: KeyInput }) => Promise<Outcome>;

/** The two procedures, on the app's own base procedure: it has put the person into the context. */
export function outcomeProcedures(base: object, settings: OutcomeSettings): OutcomeProcedures {
  const { store, retentionMs } = settings;
  const procedure = (base as Base).input(readKeyInput);
  const timedKey = (ctx: object, { key }: KeyInput): TimedKey => ({
    id: { scope: settings.scopeOf(ctx), key },
    bornAt: bornAt(key),
  });
  return {
    outcome: procedure.query(({ ctx, input }) => inTRPC(() => lookOutcome(store, timedKey(ctx, input), retentionMs()))),
    abandon: procedure.mutation(({ ctx, input }) =>
      inTRPC(async () => {
        const actor = settings.actorOf?.(ctx);
        return abandonKey(store, timedKey(ctx, input), { retentionMs: retentionMs(), actor });
      }),
    ),
  } as unknown as OutcomeProcedures; // the base's context and error shape are the app's, and not seen from here
}

function readKeyInput(value: unknown): KeyInput {
  const key = typeof value === 'object' && value !== null && 'key' in value ? value.key : undefined;
  const parsed = parseKey(key);
  if (!parsed.ok) {
    throw new OncekeyError('KEY_INVALID', `The idempotency key is not valid: ${parsed.problem}.`);
  }
  return { key: parsed.key };
}

function bornAt(key: string): number | undefined {
  const parsed = parseKey(key);
  return parsed.ok ? parsed.bornAt?.getTime() : undefined;
}

async function inTRPC<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toTRPCError(error);
  }
}
