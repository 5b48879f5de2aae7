/**
 * The envelope: how a key travels inside the input, and how the answer says whether it was replayed, on every JSON
 * transport alike. A header cannot do this: a batch has one set of headers, a WebSocket has none, a stream has sent its
 * headers before any handler ends.
 */
const ENVELOPE = '~idempotency';

/** What the server says about an answer beside the answer itself. */
export interface Answer {
  /** Answered from the record: the handler did not run for this request. */
  readonly replayed: boolean;
  /** The accepted run that made the answer, a UUIDv7; the same for every replay of it. */
  readonly executionId: string;
  /** It had to wait for another request under the same key, or for what holds its dedupe key. */
  readonly waited?: true | undefined;
}

/**
 * `{ "~idempotency": { key, retry? }, input }`
 *
 * @param isRetry whether it was sent before under this key: a hint, with which the server looks before it opens a transaction
 */
export function wrapInput(key: string, input: unknown, isRetry = false): object {
  return { [ENVELOPE]: isRetry ? { key, retry: true } : { key }, input };
}

/** The envelope in a raw input, or `undefined` if there is none. The key is as it came: not checked. */
export function unwrapInput(
  raw: unknown,
): { readonly key: unknown; readonly isRetry: boolean; readonly input: unknown } | undefined {
  if (!isObject(raw) || !Object.hasOwn(raw, ENVELOPE)) return undefined;
  const head = isObject(raw[ENVELOPE]) ? raw[ENVELOPE] : {};
  const own = (name: string) => (Object.hasOwn(head, name) ? head[name] : undefined);
  return { key: own('key'), isRetry: own('retry') === true, input: raw['input'] };
}

/** `{ "~idempotency": { replayed, executionId, waited? }, data }` */
export function wrapOutput(answer: Answer, data: unknown): object {
  const { replayed, executionId, waited } = answer;
  return { [ENVELOPE]: { replayed, executionId, ...(waited && { waited }) }, data };
}

/** The envelope in an answer, or `undefined` if the server sent none. */
export function unwrapOutput(output: unknown): { readonly answer: Answer; readonly data: unknown } | undefined {
  if (!isObject(output) || !Object.hasOwn(output, ENVELOPE)) return undefined;
  const head = output[ENVELOPE];
  if (!isObject(head) || typeof head['replayed'] !== 'boolean' || typeof head['executionId'] !== 'string') {
    return undefined;
  }
  const { replayed, executionId, waited } = head;
  return { answer: { replayed, executionId, ...(waited === true && { waited }) }, data: output['data'] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
