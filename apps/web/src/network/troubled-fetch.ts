import { type AttemptEnd, attemptSent } from './attempts.ts';
import { takeTroubleHeader, trouble } from './trouble.ts';

/** Who one is, what became of a key, and how the demo itself is run: these are left alone. */
const LEFT_ALONE = /^(session|idempotency|operations)\.|\.(troubleOutside|killWorkers|killServer)$/;
const ENVELOPE = '~idempotency';

/** The page's fetch: asks for the dialled trouble where something has an effect, and notes what went out and came back. */
export async function troubledFetch(url: string, init: RequestInit): Promise<Response> {
  const calls = init.method === 'POST' ? callsOf(url, init.body) : [];
  if (calls.length === 0) return fetch(url, isChecked(url) ? { ...init, headers: delayed(init.headers) } : init);

  const words = takeTroubleHeader();
  const headers = new Headers(init.headers);
  if (words) headers.set('x-demo-trouble', words);
  const ends = calls.map(({ index, operation, key }) => ({
    index,
    note: attemptSent({ operation, key, trouble: words }),
  }));
  const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
    for (const { note } of ends) note({ kind: 'lost' });
    throw error;
  });
  const answers: unknown = await response
    .clone()
    .json()
    .catch(() => undefined); // not tRPC's: a limit of the server's, say
  const isCutOff = response.ok && answers === undefined;
  for (const { index, note } of ends) {
    note(isCutOff ? { kind: 'lost' } : endOf(Array.isArray(answers) ? answers[index] : answers));
  }
  return response;
}

/** A look before something is done: in the stories it was too slow. */
function isChecked(url: string): boolean {
  return url.includes('conversations.find') && trouble.get().delayMs > 0;
}

function delayed(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  headers.set('x-demo-trouble', `delay=${trouble.get().delayMs}`);
  return headers;
}

/** The calls of a batch that have an effect, with their places and the keys in their envelopes. */
function callsOf(url: string, body: unknown): { index: number; operation: string; key: string | undefined }[] {
  const paths = (new URL(url, location.href).pathname.split('/').pop() ?? '').split(',');
  const calls: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
  return paths.flatMap((operation, index) => {
    if (LEFT_ALONE.test(operation)) return [];
    const key = at(calls, index, 'json', ENVELOPE, 'key');
    return [{ index, operation, key: typeof key === 'string' ? key : undefined }];
  });
}

function endOf(answer: unknown): AttemptEnd {
  const data = at(answer, 'result', 'data');
  if (data !== undefined) {
    const head = at(data, 'json', ENVELOPE);
    if (head === undefined) return { kind: 'unprotected' };
    if (at(head, 'waited') === true) return { kind: 'waited' };
    return { kind: at(head, 'replayed') === true ? 'replayed' : 'executed' };
  }
  const message = at(answer, 'error', 'json', 'message');
  return { kind: 'refused', message: typeof message === 'string' ? message : 'no reason was given' };
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[step] : undefined,
    value,
  );
}
