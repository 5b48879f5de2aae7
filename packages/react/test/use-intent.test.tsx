/** The hook for what is not tRPC, against a server that speaks plain HTTP and keeps keys as the IETF draft says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import { type IntentOptions, useIntent } from '../src/index.ts';

afterEach(cleanup);

async function serve() {
  const answers = new Map<string, string>();
  const state = { lost: 0, effects: 0, keys: [] as string[] };
  const server = createServer((req, res) => {
    const key = String(req.headers['idempotency-key']);
    if (req.method === 'DELETE') {
      const isNew = !answers.has(key);
      if (isNew) answers.set(key, 'abandoned');
      res.end(JSON.stringify({ state: isNew ? 'abandoned' : 'succeeded' }));
      return;
    }
    state.keys.push(key);
    const first = answers.get(key);
    if (first === undefined) answers.set(key, JSON.stringify({ id: ++state.effects }));
    if (state.lost > 0) {
      state.lost--;
      res.destroy();
      return;
    }
    if (req.url === '/refuse') res.statusCode = 422;
    if (first !== undefined) res.setHeader('Idempotency-Replayed', 'true');
    res.end(answers.get(key));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  });
}

const client = new QueryClient();
const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={client}>{children}</QueryClientProvider>
);

type Options = Partial<IntentOptions<{ id: number }, Error, { amount: number }, unknown>>;

function usePay(url: string, options: Options = {}) {
  return useIntent(
    async (input: { amount: number }, { key, answered }) => {
      const headers = { 'Idempotency-Key': key };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) });
      if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status });
      answered({ replayed: response.headers.get('Idempotency-Replayed') === 'true' });
      return (await response.json()) as { id: number };
    },
    { mutationKey: ['pay'], retryDelay: 1, ...options },
  );
}

describe('useIntent', () => {
  it('keeps one key through a double click and a lost answer', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(server.url), { wrapper });
    act(() => {
      result.current.mutate({ amount: 1 });
      result.current.mutate({ amount: 1 });
    });
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(server.keys).toHaveLength(2);
    expect(new Set(server.keys).size).toBe(1);
    expect(server.effects).toBe(1);
    expect(result.current.idempotency).toMatchObject({ replayed: true, attempts: 2, outcome: 'succeeded' });
  });

  it('takes a 4xx for a refusal, and does not send it again', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(`${server.url}/refuse`), { wrapper });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await waitFor(() => expect(result.current.status).toBe('error'));
    expect(result.current.idempotency.outcome).toBe('refused');
    expect(server.keys).toHaveLength(1);
  });

  it('cancels and hands over where it is given the way to ask', async () => {
    await using server = await serve();
    const abandon = async (key: string) => {
      const response = await fetch(server.url, { method: 'DELETE', headers: { 'Idempotency-Key': key } });
      return (await response.json()) as { state: 'abandoned' | 'succeeded' };
    };
    const { result } = renderHook(() => usePay(server.url, { abandon, retry: false }), { wrapper });
    server.lost = 1;
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect(await act(() => result.current.mutateAsync({ amount: 2 }))).toEqual({ id: 1 });
    expect(server.effects).toBe(1);
    await waitFor(() => expect(result.current.idempotency.isHandedOver).toBe(true));
    await expect(act(() => result.current.check())).rejects.toThrow('outcome');
  });
});
