/** What a reload, a closed tab or a broken storage must not change. Real tabs are in the demo's browser tests. */
import { type PersistOptions, persistIntents } from '@oncekey/client';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import superjson from 'superjson';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';
import { serve } from './server.ts';

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const create = (area: PersistOptions['area'] = 'session') => persistIntents({ area, transformer: superjson });
const never = { retry: false } as const;

describe.each(flavours)('persisted intents, with %s', (_, usePay) => {
  it('come back after a reload as the same intent, which settles by itself (an in-flight mutation was lost on reload, the outbox replayed twice on load)', async () => {
    await using server = await serve();
    const persist = create();
    server.lost = 1;
    const before = renderHook(() => usePay({ ...never, persist }), { wrapper: createWrapper(server.url) });
    await act(() => before.result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    before.unmount(); // and everything that was in memory is gone

    const { result } = renderHook(() => usePay({ ...never, persist }), {
      wrapper: createWrapper(server.url),
    });
    await waitFor(() => expect(result.current.status).toBe('success'));
    expect(result.current.idempotency.replayed).toBe(true);
    expect(result.current.data?.at).toEqual(new Date(5));
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
    expect(sessionStorage).toHaveLength(0);
  });

  it('are warned about in development where they are made anew with each render', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    await using server = await serve();
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const once = create();
    const kept = renderHook(() => usePay({ persist: once }), { wrapper: createWrapper(server.url) });
    kept.rerender();
    expect(warned).not.toHaveBeenCalled();
    const page = renderHook(() => usePay({ persist: create() }), { wrapper: createWrapper(server.url) });
    page.rerender();
    expect(warned).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/make it once/));
    vi.unstubAllEnvs();
  });

  it('are not doubled by one reload after the other', async () => {
    await using server = await serve();
    const persist = create();
    server.lost = 4;
    for (let reload = 0; reload < 4; reload++) {
      const page = renderHook(() => usePay({ ...never, persist }), { wrapper: createWrapper(server.url) });
      if (reload === 0) await act(() => page.result.current.mutateAsync({ amount: 1 }).catch(() => {}));
      else await waitFor(() => expect(page.result.current.status).toBe('unknown'));
      expect(sessionStorage).toHaveLength(1);
      page.unmount();
    }
    const { result } = renderHook(() => usePay({ ...never, persist }), { wrapper: createWrapper(server.url) });
    await waitFor(() => expect(result.current.status).toBe('success'));
    expect(server.sent).toHaveLength(5);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('are one by their content, though the person submits again before they have settled', async () => {
    await using server = await serve();
    const persist = create();
    server.lost = 1;
    const before = renderHook(() => usePay({ ...never, persist }), { wrapper: createWrapper(server.url) });
    await act(() => before.result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    before.unmount();
    const { result } = renderHook(() => usePay({ ...never, persist }), {
      wrapper: createWrapper(server.url),
    });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
  });

  it('settle in their order', async () => {
    await using server = await serve();
    const persist = create();
    const subject = ({ amount }: { amount: number }) => String(amount);
    const options = { ...never, subject };
    server.lost = 3;
    const before = renderHook(() => usePay({ ...options, persist }), { wrapper: createWrapper(server.url) });
    for (const amount of [3, 1, 2]) {
      await act(() => before.result.current.mutateAsync({ amount }).catch(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 2)); // stored by the millisecond
    }
    before.unmount();
    server.sent.length = 0;
    renderHook(() => usePay({ ...options, persist }), { wrapper: createWrapper(server.url) });
    await waitFor(() => expect(sessionStorage).toHaveLength(0));
    expect(server.sent.map(({ input }) => input)).toEqual([{ amount: 3 }, { amount: 1 }, { amount: 2 }]);
    expect(server.effects).toBe(3);
  });

  it('are forgotten with their success, a refusal, renew() and cancel()', async () => {
    await using server = await serve();
    const persist = create('local');
    const { result } = renderHook(() => usePay({ ...never, persist }), {
      wrapper: createWrapper(server.url),
    });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    await act(() => result.current.mutateAsync({ amount: 'x' as never }).catch(() => {}));
    expect(localStorage).toHaveLength(0);
    server.lost = 2;
    await act(() => result.current.mutateAsync({ amount: 2 }).catch(() => {}));
    expect(localStorage).toHaveLength(1);
    act(() => result.current.renew());
    expect(localStorage).toHaveLength(0);
    await act(() => result.current.mutateAsync({ amount: 3 }).catch(() => {}));
    await act(() => result.current.cancel());
    await waitFor(() => expect(localStorage).toHaveLength(0));
  });

  it.each<[string, () => void]>([
    [
      'full',
      () =>
        vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
          throw new DOMException('m', 'QuotaExceededError');
        }),
    ],
    [
      'blocked',
      () =>
        vi.spyOn(globalThis, 'sessionStorage', 'get').mockImplementation(() => {
          throw new DOMException('m', 'SecurityError');
        }),
    ],
    [
      'corrupt',
      () => sessionStorage.setItem(`oncekey:${JSON.stringify([['pay'], { type: 'mutation' }])}:k`, '{"nonsense'),
    ],
  ])(
    'in a storage that is %s are kept in memory, with one warning, and the submit goes through',
    async (_name, spoil) => {
      await using server = await serve();
      const persist = create();
      const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
      spoil();
      server.lost = 1;
      const { result } = renderHook(() => usePay({ ...never, persist }), {
        wrapper: createWrapper(server.url),
      });
      await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
      await act(() => result.current.mutateAsync({ amount: 1 }));
      expect(server.effects).toBe(1);
      expect(warned.mock.calls.length).toBeLessThanOrEqual(1);
    },
  );
});
