import { idempotencyLink, retryKeyed } from '@oncekey/client';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { retryLink } from '@trpc/client';
import { StrictMode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';
import { oncekeyRefusal, refusal, serve } from './server.ts';

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Retries at once: how long they wait is tested where it is decided. */
const soon = { retryDelay: 1 };

describe.each(flavours)('useIdempotentMutation of %s', (_, usePay) => {
  it('gives two clicks in one tick one request, one key and one answer', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    const told: string[] = [];
    act(() => {
      result.current.mutate({ amount: 1 }, { onSuccess: (data) => told.push(`first ${data.id}`) });
      result.current.mutate(
        { amount: 1 },
        { onSuccess: (data) => told.push(`second ${data.id}`), onSettled: () => told.push('settled') },
      );
    });
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(server.sent).toHaveLength(1);
    expect(server.effects).toBe(1);
    expect(told.sort()).toEqual(['first 1', 'second 1', 'settled']);
    expect(result.current.variables).toEqual({ amount: 1 });
    expect(result.current.data?.at).toEqual(new Date(5));
    expect(result.current.idempotency).toEqual({
      key: server.keys()[0],
      executionId: expect.any(String),
      isHandedOver: false,
      replayed: false,
      attempts: 1,
      outcome: 'succeeded',
    });
  });

  it('joins a click that comes after a re-render, and gives mutateAsync the same answer', async () => {
    await using server = await serve();
    const open = server.hold();
    const { result, rerender } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    let first: Promise<{ id: number }> | undefined;
    act(() => {
      first = result.current.mutateAsync({ amount: 1 });
    });
    rerender();
    await waitFor(() => expect(result.current.isPending).toBe(true));
    const second = result.current.mutateAsync({ amount: 1 });
    open();
    expect(await second).toEqual(await first);
    expect(server.sent).toHaveLength(1);
  });

  it('joins within a second of the success, and means a new intent after it (a key in useState was reused by the next submit)', async () => {
    await using server = await serve();
    vi.useFakeTimers({ toFake: ['performance'] });
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    vi.advanceTimersByTime(999);
    const told = vi.fn();
    const joined = await act(() => result.current.mutateAsync({ amount: 1 }, { onSuccess: told }));
    expect(joined.id).toBe(1);
    await waitFor(() => expect(told).toHaveBeenCalledOnce());
    vi.advanceTimersByTime(1);
    const next = await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(next.id).toBe(2);
    expect(new Set(server.keys()).size).toBe(2);
  });

  it('keeps the key when the answer is lost and TanStack sends again: one effect, answered from the record (a clock in the key made every retry another intent)', async () => {
    await using server = await serve();
    server.lost = 2;
    const { result } = renderHook(() => usePay(soon), { wrapper: createWrapper(server.url) });
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(server.sent).toHaveLength(3);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
    expect(result.current.idempotency).toMatchObject({ replayed: true, attempts: 3, outcome: 'succeeded' });
  });

  it('keeps the key when retryLink sends again', async () => {
    await using server = await serve();
    server.lost = 2;
    const links = [idempotencyLink(), retryLink({ retry: ({ attempts }) => attempts < 5 })] as Parameters<
      typeof createWrapper
    >[1];
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url, links) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.sent).toHaveLength(3);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('does not multiply attempts with retryLink(retryKeyed): TanStack sends four times, not sixteen', async () => {
    await using server = await serve();
    server.lost = 100;
    const links = [idempotencyLink(), retryLink(retryKeyed)] as Parameters<typeof createWrapper>[1];
    const { result } = renderHook(() => usePay(soon), { wrapper: createWrapper(server.url, links) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect(server.sent).toHaveLength(4);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('leaves retrying to retryLink(retryKeyed) where it does not retry itself', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(-0.98); // as good as no delay
    await using server = await serve();
    server.lost = 2;
    const links = [idempotencyLink(), retryLink(retryKeyed)] as Parameters<typeof createWrapper>[1];
    const { result } = renderHook(() => usePay({ retry: false }), { wrapper: createWrapper(server.url, links) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.sent).toHaveLength(3);
    expect(server.effects).toBe(1);
  });

  it('holds in StrictMode', async () => {
    await using server = await serve();
    server.lost = 1;
    const Providers = createWrapper(server.url);
    const { result } = renderHook(() => usePay(soon), {
      wrapper: ({ children }) => (
        <StrictMode>
          <Providers>{children}</Providers>
        </StrictMode>
      ),
    });
    act(() => {
      result.current.mutate({ amount: 1 });
      result.current.mutate({ amount: 1 });
    });
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(server.sent).toHaveLength(2);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('leaves the outcome unknown when no answer ever comes, and sends the same key again when asked (no answer was taken for a failure: the user pressed again)', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay({ retry: false }), { wrapper: createWrapper(server.url) });
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(result.current.idempotency.outcome).toBe('unknown'));
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(result.current.idempotency).toMatchObject({ replayed: true, attempts: 2 }));
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('makes a new key when the input changed, also while the first is pending', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    act(() => {
      result.current.mutate({ amount: 1 });
      result.current.mutate({ amount: 2 });
    });
    await waitFor(() => expect(server.effects).toBe(2));
    await waitFor(() => expect(result.current.data?.amount).toBe(2));
    expect(new Set(server.keys()).size).toBe(2);
  });

  it.each([
    ['a refusal of the app’s', () => refusal('BAD_REQUEST'), 2, 'refused'],
    ['a key that is spent', () => oncekeyRefusal('KEY_REUSED'), 2, 'refused'],
    ['a failure of the server’s', () => refusal('INTERNAL_SERVER_ERROR'), 1, 'failed'],
  ])('after %s the same click sends %#', async (_name, failure, keys, outcome) => {
    await using server = await serve();
    server.failures.push(failure());
    const { result } = renderHook(() => usePay(soon), { wrapper: createWrapper(server.url) });
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(result.current.isError).toBe(true));
    expect(result.current.idempotency.outcome).toBe(outcome);
    expect(server.sent).toHaveLength(1); // what the server answered for good is not retried by itself
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(new Set(server.keys()).size).toBe(keys);
  });

  it('waits as long as the server says while the first attempt is still running', async () => {
    await using server = await serve();
    server.failures.push(oncekeyRefusal('IN_PROGRESS', 30), oncekeyRefusal('IN_PROGRESS', 30));
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    const started = performance.now();
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(performance.now() - started).toBeGreaterThanOrEqual(55);
    expect(new Set(server.keys()).size).toBe(1);
  });

  it('never merges two hooks of one procedure', async () => {
    await using server = await serve();
    const { result } = renderHook(() => [usePay(), usePay()] as const, { wrapper: createWrapper(server.url) });
    act(() => {
      for (const each of result.current) each.mutate({ amount: 1 });
    });
    await waitFor(() => expect(server.effects).toBe(2));
    expect(new Set(server.keys()).size).toBe(2);
  });

  it('shows people their own input in every callback, and keeps what onMutate gave', async () => {
    await using server = await serve();
    const told: unknown[] = [];
    const options = {
      onMutate: (input: unknown) => {
        told.push(['mutate', input]);
        return { snapshot: 7 };
      },
      onSuccess: (data: { id: number }, input: unknown, result: unknown) =>
        told.push(['success', data.id, input, result]),
      onSettled: (_data: unknown, error: unknown, input: unknown, result: unknown) =>
        told.push(['settled', error, input, result]),
    } as never;
    const { result } = renderHook(() => usePay(options), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(told).toEqual([
      ['mutate', { amount: 1 }],
      ['success', 1, { amount: 1 }, { snapshot: 7 }],
      ['settled', null, { amount: 1 }, { snapshot: 7 }],
    ]);
  });

  it('finishes what an unmounted component sent, once', async () => {
    await using server = await serve();
    const open = server.hold();
    const { result, unmount } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    let answer: Promise<unknown> | undefined;
    act(() => {
      answer = result.current.mutateAsync({ amount: 1 });
    });
    unmount();
    open();
    await answer;
    expect(server.effects).toBe(1);
  });

  it('forgets the intent when it is reset', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    act(() => result.current.reset());
    await waitFor(() => expect(result.current.status).toBe('idle'));
    expect(result.current.idempotency).toMatchObject({ key: undefined, attempts: 0, outcome: undefined });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(2);
  });

  it('says so when the client has no idempotencyLink', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url, []) });
    act(() => result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(String(result.current.error)).toContain('idempotencyLink()'));
  });
});
