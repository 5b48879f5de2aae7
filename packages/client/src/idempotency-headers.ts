const HEADER_KEY = '~oncekey.header';

interface Call {
  readonly context: Readonly<Record<string, unknown>>;
}

export function withHeaderKey(context: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return { ...context, [HEADER_KEY]: key };
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
  const keys = calls.map(({ context }) => context[HEADER_KEY]);
  if (!keys.some((key) => typeof key === 'string')) return {};
  // An RFC 9651 List of Strings. Keys are visible ASCII, so two characters need an escape.
  const members = keys.map((key) => (typeof key === 'string' ? `"${key.replace(/["\\]/g, '\\$&')}"` : '?0'));
  return { 'Idempotency-Key': members.join(', ') };
}
