import { type AttemptEnd, attemptSent } from './attempts.ts';
import { takeTroubleHeader } from './trouble.ts';

const PROTECTED = 'conversations.start';
const ENVELOPE = '~idempotency';

/** The page's fetch: asks for the dialled trouble where something is started, and notes what went out and came back. */
export async function troubledFetch(url: string, init: RequestInit): Promise<Response> {
  const keys = keysOf(url, init.body);
  if (keys.length === 0) return fetch(url, init);

  const trouble = takeTroubleHeader();
  const headers = new Headers(init.headers);
  if (trouble) headers.set('x-demo-trouble', trouble);
  const ends = keys.map(({ index, key }) => ({ index, note: attemptSent(key, trouble) }));
  const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
    for (const { note } of ends) note({ kind: 'lost' });
    throw error;
  });
  const answers: unknown = await response
    .clone()
    .json()
    .catch(() => undefined); // not tRPC's: a limit of the server's, say
  for (const { index, note } of ends) note(endOf(Array.isArray(answers) ? answers[index] : answers));
  return response;
}

/** The keys in a batch's envelopes, with their calls' places. */
function keysOf(url: string, body: unknown): { index: number; key: string }[] {
  const paths = (new URL(url, location.href).pathname.split('/').pop() ?? '').split(',');
  if (typeof body !== 'string' || !paths.includes(PROTECTED)) return [];
  const calls: unknown = JSON.parse(body);
  return paths.flatMap((path, index) => {
    const key = path === PROTECTED ? at(calls, index, 'json', ENVELOPE, 'key') : undefined;
    return typeof key === 'string' ? [{ index, key }] : [];
  });
}

function endOf(answer: unknown): AttemptEnd {
  const replayed = at(answer, 'result', 'data', 'json', ENVELOPE, 'replayed');
  if (typeof replayed === 'boolean') return { kind: replayed ? 'replayed' : 'executed' };
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
