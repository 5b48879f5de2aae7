/** What a hook that forgot too early, or remembered the wrong thing, would do twice or not at all. */
import { idempotencyLink } from '@oncekey/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import type { TRPCLink } from '@trpc/client';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';
import { oncekeyRefusal, type Router, refusal, serve } from './server.ts';

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const soon = { retryDelay: 1 };
const never = { retry: false } as const;
/** Each amount is a row of its own. */
const row = ({ amount }: { amount: number }) => String(amount);

describe.each(flavours)('useIdempotentMutation of %s', (_, usePay) => {
  it('joins what is still pending, though another input was submitted in between', async () => {
    await using server = await serve();
    const open = server.hold();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    const told = vi.fn();
    act(() => {
      result.current.mutate({ amount: 1 });
      result.current.mutate({ amount: 2 });
      result.current.mutate({ amount: 1 }, { onSuccess: (data) => told(data.amount) });
    });
    open();
    await waitFor(() => expect(told).toHaveBeenCalledWith(1));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(server.effects).toBe(2);
    expect(server.sent).toHaveLength(2);
    expect(result.current.data?.amount).toBe(2);
  });

  it('keeps the key of an unknown outcome, though another input succeeded since', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay({ ...never, subject: row }), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await act(() => result.current.mutateAsync({ amount: 2 }));
    const again = await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(again).toMatchObject({ id: 1, amount: 1 });
    expect(server.effects).toBe(2);
    await waitFor(() => expect(result.current.idempotency.replayed).toBe(true));
  });

  it.each(['UNAUTHORIZED', 'NOT_FOUND'] as const)(
    'keeps the key when a lost answer is followed by a refusal (%s): it says nothing of the first attempt',
    async (code) => {
      await using server = await serve();
      server.lost = 1;
      server.failures.push(undefined, refusal(code));
      const { result } = renderHook(() => usePay(soon), { wrapper: createWrapper(server.url) });
      await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
      expect(server.sent).toHaveLength(2);
      expect(await act(() => result.current.mutateAsync({ amount: 1 }))).toMatchObject({ id: 1 });
      expect(server.effects).toBe(1);
    },
  );

  it('keeps the key when it did happen, but the stored answer cannot be read', async () => {
    await using server = await serve();
    server.failures.push(oncekeyRefusal('RESULT_UNREADABLE'));
    const { result } = renderHook(() => usePay(soon), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await waitFor(() => expect(result.current.idempotency.outcome).toBe('unknown'));
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(new Set(server.keys()).size).toBe(1);
  });

  it('keeps the key when it happened and the app’s own onSuccess failed', async () => {
    await using server = await serve();
    const onSuccess = vi.fn().mockImplementationOnce(() => {
      throw new Error('the app’s own mistake');
    });
    const { result } = renderHook(() => usePay({ onSuccess }), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await waitFor(() => expect(result.current.isError).toBe(true));
    expect(result.current.idempotency.outcome).toBe('succeeded');
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(1);
    expect(new Set(server.keys()).size).toBe(1);
    await waitFor(() => expect(result.current.idempotency.replayed).toBe(true));
  });

  it('is pending, and joined, until the app’s own onSuccess has ended', async () => {
    await using server = await serve();
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    let end = () => {};
    const onSuccess = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const { result } = renderHook(() => usePay({ onSuccess }), { wrapper: createWrapper(server.url) });
    let first: Promise<unknown> | undefined;
    act(() => {
      first = result.current.mutateAsync({ amount: 1 });
    });
    await vi.waitFor(() => expect(onSuccess).toHaveBeenCalled());
    vi.advanceTimersByTime(5_000);
    const second = result.current.mutateAsync({ amount: 1 });
    end();
    expect(await act(() => second)).toEqual(await first);
    expect(server.effects).toBe(1);
  });

  it('lets onError send again: the intent it is told of is not pending any more', async () => {
    await using server = await serve();
    server.failures.push(refusal('INTERNAL_SERVER_ERROR'));
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    act(() => result.current.mutate({ amount: 1 }, { onError: () => result.current.mutate({ amount: 1 }) }));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(new Set(server.keys()).size).toBe(1);
  });

  it('does not swallow clicks when the wall clock is set back', async () => {
    await using server = await serve();
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(2);
  });

  it('tells a joined click of the failure, and nobody who has left', async () => {
    await using server = await serve();
    const open = server.hold();
    server.failures.push(refusal('BAD_REQUEST'));
    const wrapper = createWrapper(server.url);
    const { result, unmount } = renderHook(() => usePay(), { wrapper });
    const told = vi.fn();
    const joined = { onError: () => told('error'), onSettled: () => told('settled') };
    act(() => {
      result.current.mutate({ amount: 1 });
      result.current.mutate({ amount: 1 }, joined);
    });
    open();
    await waitFor(() => expect(told.mock.calls.flat()).toEqual(['error', 'settled']));

    const reopen = server.hold();
    let gone: Promise<unknown> | undefined;
    act(() => {
      gone = result.current.mutateAsync({ amount: 1 });
      result.current.mutate({ amount: 1 }, { onSuccess: () => told('left') });
    });
    unmount();
    reopen();
    await gone;
    await new Promise((later) => setTimeout(later, 20));
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('drops the callbacks of calls that another input has superseded, joined or not, as TanStack does', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url) });
    const told: string[] = [];
    const answers: Promise<unknown>[] = [];
    act(() => {
      for (const [amount, name] of [
        [1, 'first'],
        [1, 'joined'],
        [2, 'newest'],
      ] as const) {
        answers.push(result.current.mutateAsync({ amount }, { onSettled: () => void told.push(name) }));
      }
    });
    await act(() => Promise.all(answers));
    await new Promise((later) => setTimeout(later, 20));
    expect(told).toEqual(['newest']);
    expect(server.effects).toBe(2);
  });

  it('runs the callbacks that the QueryClient has for every mutation, with the person’s own input', async () => {
    await using server = await serve();
    server.failures.push(refusal('BAD_REQUEST'));
    const told: unknown[] = [];
    const queryClient = new QueryClient({
      defaultOptions: {
        mutations: {
          onMutate: (input) => void told.push(['mutate', input]),
          onSuccess: (_data, input) => void told.push(['success', input]),
          onError: (_error, input) => void told.push(['error', input]),
          onSettled: (_data, _error, input) => void told.push(['settled', input]),
        },
      },
    });
    const wrapper = createWrapper(server.url, undefined, queryClient);
    const { result } = renderHook(() => usePay(), { wrapper });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await act(() => result.current.mutateAsync({ amount: 2 }));
    expect(told).toEqual([
      ['mutate', { amount: 1 }],
      ['error', { amount: 1 }],
      ['settled', { amount: 1 }],
      ['mutate', { amount: 2 }],
      ['success', { amount: 2 }],
      ['settled', { amount: 2 }],
    ]);
  });

  it('hands the caller’s own tRPC context to the links', async () => {
    await using server = await serve();
    const seen: unknown[] = [];
    const spy: TRPCLink<Router> =
      () =>
      ({ op, next }) => {
        seen.push(op.context['skipBatch']);
        return next(op);
      };
    const { result } = renderHook(() => usePay({ trpc: { context: { skipBatch: true } } }), {
      wrapper: createWrapper(server.url, [idempotencyLink(), spy]),
    });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(seen).toEqual([true]);
    expect(result.current.idempotency.key).toBe(server.keys()[0]);
  });
});

describe('a hook whose procedure changes', () => {
  it.each(flavours)('never merges the same input of two procedures (%s)', async (_, usePay) => {
    await using server = await serve();
    const { result, rerender } = renderHook(({ back }) => usePay({}, back ? 'refund' : 'pay'), {
      wrapper: createWrapper(server.url),
      initialProps: { back: false },
    });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    rerender({ back: true });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(2);
    expect(new Set(server.keys()).size).toBe(2);
  });
});

describe('the classic flavour', () => {
  it('takes the QueryClient of tRPC’s Provider, as tRPC’s own hooks do', async () => {
    await using server = await serve();
    const usePay = flavours[1][1];
    const { Provider, client } = createWrapper.classic(server.url);
    const ofTrpc = new QueryClient();
    const ofOthers = new QueryClient();
    const wrapper = ({ children }: { children: ReactNode }) => (
      <QueryClientProvider client={ofOthers}>
        <Provider client={client} queryClient={ofTrpc}>
          {children}
        </Provider>
      </QueryClientProvider>
    );
    const { result } = renderHook(() => usePay(), { wrapper });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(ofTrpc.getMutationCache().getAll()).toHaveLength(1);
    expect(ofOthers.getMutationCache().getAll()).toHaveLength(0);
  });
});
