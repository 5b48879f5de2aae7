/** What works with useMutation works with the hook, and costs no more renders. */
import { persistIntents } from '@oncekey/client';
import { isOncekeyError } from '@oncekey/core';
import { onlineManager, QueryClient, useMutation, useMutationState, useQuery } from '@tanstack/react-query';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';
import { serve } from './server.ts';

afterEach(() => {
  cleanup();
  sessionStorage.clear();
  onlineManager.setOnline(true);
});

describe.each(flavours)('with %s', (_, usePay) => {
  it('an optimistic update is shown, rolled back by onError with its context, and kept by a success', async () => {
    await using server = await serve();
    const queryClient = new QueryClient();
    const useTotal = () => useQuery({ queryKey: ['total'], queryFn: () => 0, staleTime: Number.POSITIVE_INFINITY });
    const options = {
      retry: false,
      onMutate: ({ amount }: { amount: number }) => {
        const before = queryClient.getQueryData<number>(['total']) ?? 0;
        queryClient.setQueryData(['total'], before + amount);
        return { before };
      },
      onError: (_error: unknown, _input: unknown, result: { before: number } | undefined) => {
        queryClient.setQueryData(['total'], result?.before);
      },
    };
    const { result } = renderHook(() => ({ total: useTotal(), pay: usePay(options as never) }), {
      wrapper: createWrapper(server.url, undefined, queryClient),
    });
    await waitFor(() => expect(result.current.total.data).toBe(0));
    server.failures.push(new Error('planned'));
    const open = server.hold();
    act(() => result.current.pay.mutate({ amount: 5 }));
    await waitFor(() => expect(result.current.total.data).toBe(5));
    open();
    await waitFor(() => expect(result.current.total.data).toBe(0));
    await act(() => result.current.pay.mutateAsync({ amount: 5 }));
    await waitFor(() => expect(result.current.total.data).toBe(5));
    expect(server.effects).toBe(1);
  });

  it('useMutationState finds it by its key, with the input and the key it went out under', async () => {
    await using server = await serve();
    const useBoth = () => ({
      pay: usePay(),
      seen: useMutationState({ filters: { mutationKey: [['pay']] }, select: ({ state }) => state.variables }),
    });
    const { result } = renderHook(useBoth, { wrapper: createWrapper(server.url) });
    await act(() => result.current.pay.mutateAsync({ amount: 1 }));
    expect(result.current.seen).toMatchObject([{ input: { amount: 1 }, key: server.keys()[0] }]);
  });

  it('setMutationDefaults are its own defaults, callbacks and all', async () => {
    await using server = await serve();
    const queryClient = new QueryClient();
    const told: unknown[] = [];
    queryClient.setMutationDefaults([['pay']], { retry: false, onSuccess: (_data, input) => void told.push(input) });
    const { result } = renderHook(() => usePay(), { wrapper: createWrapper(server.url, undefined, queryClient) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(told).toEqual([{ amount: 1 }]);
  });

  it('a scope makes different intents wait for each other, in order', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay({ scope: { id: 'payments' } } as never), {
      wrapper: createWrapper(server.url),
    });
    await act(() => Promise.all([1, 2, 3].map((amount) => result.current.mutateAsync({ amount }))));
    expect(server.sent.map(({ input }) => input)).toEqual([{ amount: 1 }, { amount: 2 }, { amount: 3 }]);
  });

  it('offline → edit → online: what was not sent yet gives way to its edit, one effect', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay({ subject: () => 'draft' }), { wrapper: createWrapper(server.url) });
    onlineManager.setOnline(false);
    const before = act(() => result.current.mutateAsync({ amount: 1 }).catch((error: unknown) => error));
    act(() => result.current.mutate({ amount: 2 }));
    act(() => onlineManager.setOnline(true));
    await waitFor(() => expect(result.current.data).toMatchObject({ id: 1, amount: 2 }));
    expect(isOncekeyError(await before, 'ABANDONED')).toBe(true);
    expect(server.sent).toHaveLength(1);
    expect(server.effects).toBe(1);
  });

  it('offline, ten things that nobody said are one thing all go out, and so does a queue', async () => {
    await using server = await serve();
    const subject = () => 'draft';
    for (const options of [{}, { subject, scope: { id: 'queue' } }]) {
      const { result } = renderHook(() => usePay(options), { wrapper: createWrapper(server.url) });
      onlineManager.setOnline(false);
      const sent = act(() => Promise.all([1, 2, 3].map((amount) => result.current.mutateAsync({ amount }))));
      act(() => onlineManager.setOnline(true));
      await sent;
    }
    expect(server.effects).toBe(6);
  });

  it('offline, it waits under its key, through a reload too, and goes out once', async () => {
    await using server = await serve();
    const persist = persistIntents({ area: 'session' });
    onlineManager.setOnline(false);
    const before = renderHook(() => usePay({ persist }), { wrapper: createWrapper(server.url) });
    act(() => before.result.current.mutate({ amount: 1 }));
    await waitFor(() => expect(before.result.current.isPaused).toBe(true));
    act(() => before.result.current.mutate({ amount: 1 }));
    before.unmount();

    const { result } = renderHook(() => usePay({ persist }), { wrapper: createWrapper(server.url) });
    await waitFor(() => expect(result.current.isPaused).toBe(true));
    act(() => onlineManager.setOnline(true));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    // Both pages of this test live on, where a real reload leaves one: the same key from both is still one effect.
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
    expect(sessionStorage).toHaveLength(0);
  });

  it('takes no more renders than useMutation itself', async () => {
    await using server = await serve();
    const counts = { plain: 0, ours: 0 };
    const wrapper = createWrapper(server.url);
    const plain = renderHook(
      () => {
        counts.plain++;
        return useMutation({ mutationFn: async () => new Promise((resolve) => setTimeout(resolve, 20)) });
      },
      { wrapper },
    );
    await act(() => plain.result.current.mutateAsync());
    await waitFor(() => expect(plain.result.current.isSuccess).toBe(true));
    const ours = renderHook(
      () => {
        counts.ours++;
        return usePay();
      },
      { wrapper },
    );
    await act(() => ours.result.current.mutateAsync({ amount: 1 }));
    await waitFor(() => expect(ours.result.current.isSuccess).toBe(true));
    expect(counts.ours).toBe(counts.plain);
  });

  it('gives the same functions with each render', async () => {
    await using server = await serve();
    const { result, rerender } = renderHook(() => usePay({ subject: () => 'new each time' }), {
      wrapper: createWrapper(server.url),
    });
    const { mutate, mutateAsync, reset, renew } = result.current;
    rerender();
    expect(result.current).toMatchObject({ mutate, mutateAsync, reset, renew });
  });
});
