import { KEY_HEADER, parseKeyHeader, REPLAYED_HEADER } from '@oncekey/core';

/** What an adapter gives `createContext`: any of tRPC's own adapters fits. */
export interface IncomingRequest {
  readonly req: { readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>> };
  readonly info: { readonly calls: readonly { readonly path: string }[]; readonly isBatchCall: boolean };
}

/** The keys that came beside the input, for this request's calls. */
export interface RequestKeys {
  /**
   * The key of a call, once: a caller nested in a handler shares the context and starts again at batch index 0, and
   * must not get the key of the call that it serves.
   *
   * @throws {OncekeyError} KEY_INVALID, if the header does not parse
   */
  take(batchIndex: number, path: string): string | undefined;
  /** Notes for the response header whether a call was answered from the record. */
  answered(batchIndex: number, replayed: boolean): void;
  /** The response header's value, or `undefined` if no call was answered from the record. */
  replayedHeader(): string | undefined;
}

const REQUEST = Symbol('oncekey.request');

export function requestKeysOf(ctx: object): RequestKeys | undefined {
  return (ctx as { [REQUEST]?: RequestKeys })[REQUEST];
}

/** Puts the `Idempotency-Key` header of a request where the intake finds it. */
export function fromRequest({ req, info }: IncomingRequest): object {
  const header = readHeader(req.headers);
  const paths = info.calls.map((call) => call.path);
  const taken = new Set<number>();
  const replayed = new Map<number, boolean>();
  const keys: RequestKeys = {
    take(batchIndex, path) {
      if (header === undefined || taken.has(batchIndex) || paths[batchIndex] !== path) return undefined;
      taken.add(batchIndex);
      // Parsed only here: a header that a browser added of its own accord must not fail a call that needs no key.
      return parseKeyHeader(header, paths.length)[batchIndex];
    },
    answered(batchIndex, wasReplayed) {
      replayed.set(batchIndex, wasReplayed);
    },
    replayedHeader() {
      if (![...replayed.values()].includes(true)) return undefined;
      return info.isBatchCall ? paths.map((_, index) => replayed.get(index) ?? false).join(', ') : 'true';
    },
  };
  return { [REQUEST]: keys };
}

/** A key for calls made in the server itself, through `createCaller`: for the first idempotent call of this context. */
export function withKey<Ctx extends object>(ctx: Ctx, key: string): Ctx {
  let taken = false;
  const keys: RequestKeys = {
    take() {
      if (taken) return undefined;
      taken = true;
      return key;
    },
    answered() {},
    replayedHeader: () => undefined,
  };
  return { ...ctx, [REQUEST]: keys };
}

/** `responseMeta` of an adapter: sets `Idempotency-Replayed` where headers can still be sent. */
export function responseMeta(opts: { readonly ctx?: unknown; readonly eagerGeneration: boolean }): {
  headers?: Headers;
} {
  // A stream sends its headers before any handler has run: there is nothing to tell yet.
  if (opts.eagerGeneration || typeof opts.ctx !== 'object' || opts.ctx === null) return {};
  const value = requestKeysOf(opts.ctx)?.replayedHeader();
  return value === undefined ? {} : { headers: new Headers({ [REPLAYED_HEADER]: value }) };
}

function readHeader(headers: IncomingRequest['req']['headers']): string | undefined {
  if (headers instanceof Headers) return headers.get(KEY_HEADER) ?? undefined;
  const value = headers[KEY_HEADER.toLowerCase()];
  return typeof value === 'object' ? value.join(', ') : value;
}
