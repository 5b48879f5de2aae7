const HEADER_KEY = '~oncekey.header';

/** A key on its way to a header: the link's own object, so that it may learn whether a header was written. */
export interface HeaderKey {
  readonly key: string;
  isSent: boolean;
}

interface Call {
  readonly context: Readonly<Record<string, unknown>>;
}

export function withHeaderKey(
  context: Readonly<Record<string, unknown>>,
  headerKey: HeaderKey,
): Record<string, unknown> {
  return { ...context, [HEADER_KEY]: headerKey };
}

export function isInHeader(context: Readonly<Record<string, unknown>>): boolean {
  return HEADER_KEY in context;
}

/**
 * The `Idempotency-Key` header for inputs that cannot carry an envelope: FormData, files and octets.
 *
 * @example httpLink({ url, headers: idempotencyHeaders })
 */
export function idempotencyHeaders(opts: { readonly op: Call } | { readonly opList: readonly Call[] }): {
  'Idempotency-Key'?: string;
} {
  const calls = 'op' in opts ? [opts.op] : opts.opList;
  const keys = calls.map(({ context }) => context[HEADER_KEY] as HeaderKey | undefined);
  if (!keys.some(Boolean)) return {};
  // An RFC 9651 List of Strings. Keys are visible ASCII, so two characters need an escape.
  const members = keys.map((headerKey) => {
    if (!headerKey) return '?0';
    headerKey.isSent = true;
    return `"${headerKey.key.replace(/["\\]/g, '\\$&')}"`;
  });
  return { 'Idempotency-Key': members.join(', ') };
}
