import { keyFrom, OncekeyError } from '@oncekey/core';
import { type Duration, toMilliseconds } from './duration.ts';
import type { KeyedRequest } from './engine.ts';

/** Set for all operations in `createIdempotency`, or for one where it is protected. */
export interface CallOptions {
  /** How long a result is remembered, at least a second. Default: `'24h'`. */
  readonly retention?: Duration;
  /** How long a duplicate waits for the first before it gets IN_PROGRESS. Default: `'10s'`. */
  readonly wait?: Duration;
  /** `'reject'`: a duplicate gets IN_PROGRESS at once. Default: `'wait'`. */
  readonly whenBusy?: 'wait' | 'reject';
}

/** What comes to a call without a key. */
export type MissingKey =
  /** KEY_REQUIRED. The default. */
  | 'required'
  /** It gets a random one: a record is always there, but a retry is another intent. */
  | 'generate'
  /** It gets a random one, and the same input from the same scope within `dedupe.for` is answered with the first's result. */
  | 'derive';

/** What is the same thing, though it was meant twice. */
export interface DedupeBy<Opts> {
  /** What the request is about, as parts for `keyFrom`: a file's hash, an order's id. No clock, nothing random. */
  by(opts: Opts): readonly [unknown, ...unknown[]];
  /**
   * `'conflict'`: DUPLICATE, which names the other execution. `'replay'`: the other execution's answer. Default:
   * `'conflict'`.
   */
  readonly on?: 'replay' | 'conflict';
}

/** Until when a second intent about the same thing is a duplicate. */
export type DedupeUntil =
  /** For so long from the first's claim. */
  | { readonly for: Duration }
  /** Until `settle` is called for the execution, at the latest until its record expires. */
  | { readonly while: 'running'; readonly until?: 'settled' };

/** Leased: also until the handler returns, which is the default. */
export type LeasedDedupeUntil =
  | { readonly for: Duration }
  | { readonly while: 'running'; readonly until?: 'returned' | 'settled' };

/** What a handler is given to derive from: its own context, and the parsed input. */
export interface InputOptions<Ctx> {
  readonly ctx: Ctx;
  // biome-ignore lint/suspicious/noExplicitAny: a procedure piece is typed before it is joined to a procedure with an input; annotate it: ({ input }: { input: NewImport })
  readonly input: any;
}

export interface ProtectionOptions<Opts, Until> extends CallOptions {
  /** What to do without a key. Default: `'required'`. */
  readonly key?: MissingKey;
  /** Beside the key: `dedupe: { by: ({ input }) => [input.fileHash], while: 'running', on: 'replay' }`. */
  readonly dedupe?: (DedupeBy<Opts> | { readonly by?: never }) & Until;
  /**
   * Which errors are remembered, so that a retry gets the same error again. Default: in `transactional` none, since
   * nothing is left of a handler that failed; in `leased` the refusals, which are 4xx TRPCErrors.
   */
  readonly remember?: (error: unknown) => boolean;
}

export interface TransactionalOptions<Opts> extends ProtectionOptions<Opts, DedupeUntil> {
  /**
   * The handler touches nothing but `ctx.db`, so it may run before it is known whether it has to: it starts while the claim
   * is on its way, which spares a round trip. For a duplicate it starts as well, in a transaction that is rolled back: its
   * statements fail, and so does what it awaits. What it does elsewhere (a mail, a counter in memory) would be done again.
   * On stores that cannot, and beside `dedupe`, it starts after the claim as ever. Default: false.
   */
  readonly speculative?: boolean;
}

export interface LeasedOptions<Opts> extends ProtectionOptions<Opts, LeasedDedupeUntil> {
  /** How long the owner is believed alive after its last sign of life, at least a second. Default: `'30s'`. */
  readonly lease?: Duration;
}

/** Options, read once: whatever is wrong with them fails the start and not the first request. */
export interface Protection<Opts> {
  readonly retentionMs: number;
  readonly waitMs: number;
  readonly leaseMs: number;
  readonly missingKey: MissingKey;
  readonly by: DedupeBy<Opts>['by'] | undefined;
  readonly onDuplicate: 'replay' | 'conflict';
  /** `undefined`: until it is settled. */
  readonly dedupeForMs: number | undefined;
  readonly keepsDedupe: boolean;
  readonly speculative: boolean;
  readonly remember: ((error: unknown) => boolean) | undefined;
}

/** @throws {RangeError} if a duration is none, or `'derive'` has no window */
export function readProtection<Opts>(
  options: LeasedOptions<Opts> & Pick<TransactionalOptions<Opts>, 'speculative'>,
): Protection<Opts> {
  const {
    retention = 24 * 60 * 60_000,
    wait = 10_000,
    whenBusy = 'wait',
    lease = 30_000,
    key = 'required',
    dedupe,
    remember,
    speculative = false,
  } = options;
  const waitMs = toMilliseconds(wait, 'wait');
  const dedupeForMs = dedupe && 'for' in dedupe ? toMilliseconds(dedupe.for, 'dedupe.for', 1) : undefined;
  if (key === 'derive' && dedupeForMs === undefined) {
    throw new RangeError("key: 'derive' needs a window: dedupe: { for: '10s' }");
  }
  if (dedupe && !dedupe.by && key !== 'derive') {
    throw new RangeError(
      "dedupe needs to know what the request is about: by: ({ input }) => [input.fileHash]; or key: 'derive'",
    );
  }
  return {
    retentionMs: toMilliseconds(retention, 'retention', 1_000),
    waitMs: whenBusy === 'reject' ? 0 : waitMs,
    leaseMs: toMilliseconds(lease, 'lease', 1_000),
    missingKey: key,
    by: dedupe?.by,
    onDuplicate: (dedupe?.by && dedupe.on) ?? (dedupe?.by ? 'conflict' : 'replay'),
    dedupeForMs,
    keepsDedupe: dedupe !== undefined && 'while' in dedupe && dedupe.until === 'settled',
    speculative: speculative && !dedupe,
    remember,
  };
}

/** The dedupe key of one call, if it has any. */
export function dedupeOf<Opts>(
  { by, dedupeForMs }: Protection<Opts>,
  opts: Opts,
  { fingerprint, isKeyless }: { readonly fingerprint: string; readonly isKeyless: boolean },
): KeyedRequest['dedupe'] {
  if (by) return { key: dedupeKeyFrom(by(opts)), forMs: dedupeForMs };
  return isKeyless && dedupeForMs !== undefined ? { key: fingerprint, forMs: dedupeForMs } : undefined;
}

function dedupeKeyFrom(parts: readonly [unknown, ...unknown[]]): string {
  try {
    return keyFrom(parts);
  } catch (cause) {
    throw new OncekeyError('MISCONFIGURED', `oncekey: dedupe.by: ${cause instanceof Error ? cause.message : 'failed'}`);
  }
}
