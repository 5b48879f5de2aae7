import type { Entry, Trouble } from '@oncekey/demo-outside';
import { environment } from '../environment.ts';

const TIMEOUT_MS = 5_000;

async function ask<T>(path: string, init: RequestInit = {}, signal?: AbortSignal): Promise<T> {
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  const response = await fetch(environment.outsideUrl + path, { ...init, signal: AbortSignal.any(signals) });
  if (!response.ok) throw new Error(`the outside world answered ${response.status}`);
  return (await response.json()) as T;
}

/** The accounting service, over HTTP. */
export const accounting = {
  /** @param requestId asked for again under the same one, the service answers with the first entry */
  enter: (entry: Pick<Entry, 'kind' | 'reference' | 'cents'>, requestId: string, signal?: AbortSignal) =>
    ask<Entry>(
      `/accounting/entries?requestid=${encodeURIComponent(requestId)}`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(entry) },
      signal,
    ),
  find: async (requestId: string): Promise<Entry | undefined> =>
    (await ask<Entry[]>(`/accounting/entries?requestid=${encodeURIComponent(requestId)}`))[0],
  about: (reference: string) => ask<Entry[]>(`/accounting/entries?reference=${encodeURIComponent(reference)}`),
  trouble: () => ask<Trouble>('/trouble'),
  setTrouble: (trouble: Trouble) => ask<Trouble>('/trouble', { method: 'PUT', body: JSON.stringify(trouble) }),
};
