/** What can be done when nobody knows whether it happened, and what is one intent. */
import { idempotencyLink } from '@oncekey/client';
import { isOncekeyError, parseKey } from '@oncekey/core';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { TRPCClientError, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';
import { type Router, serve } from './server.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const never = { retry: false } as const;

/** A network that swallows requests before they arrive. */
function badNetwork() {
  const state = { swallow: 0, swallowed: [] as unknown[] };
  const link: TRPCLink<Router> =
    () =>
    ({ op, next }) => {
      if (state.swallow === 0 || op.path !== 'pay') return next(op);
      state.swallow--;
      state.swallowed.push(op.input);
      return observable((observer) => observer.error(TRPCClientError.from(new TypeError('fetch failed'))));
    };
  return Object.assign(state, { links: [idempotencyLink<Router>(), link] });
}

describe.each(flavours)('an unknown outcome, with %s', (_, usePay) => {
  it('has a status of its own, and resend() goes out under the same key', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    await waitFor(() => expect(result.current).toMatchObject({ status: 'unknown', isUnknown: true, isError: true }));
    const key = result.current.idempotency.key;
    await act(() => result.current.resend());
    await waitFor(() => expect(result.current.status).toBe('success'));
    expect(result.current).toMatchObject({ isUnknown: false, data: { id: 1 }, idempotency: { key, replayed: true } });
    expect(server.effects).toBe(1);
  });

  it('is no status of a refusal', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 'x' as never }).catch(() => {}));
    await waitFor(() => expect(result.current.status).toBe('error'));
    expect(result.current.isUnknown).toBe(false);
  });

  it('check() finds what had happened, and shows its answer', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    const outcome = await act(() => result.current.check());
    expect(outcome).toMatchObject({ state: 'succeeded', operation: 'pay' });
    await waitFor(() => expect(result.current.data).toMatchObject({ id: 1 }));
    expect(server.effects).toBe(1);
  });

  it('check() and resend() of what was settled long ago ask under its own key: nothing happens again', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    const { key } = result.current.idempotency;
    await act(() => new Promise((resolve) => setTimeout(resolve, 1_200)));
    expect(await act(() => result.current.check())).toMatchObject({ state: 'succeeded' });
    await act(() => result.current.resend());
    await waitFor(() => expect(result.current.idempotency).toMatchObject({ key, replayed: true }));
    expect(server.effects).toBe(1);
  });

  it('check() says of what did not arrive that it is unseen, and leaves it open: it may still be on its way', async () => {
    await using server = await serve();
    const network = badNetwork();
    network.swallow = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url, network.links) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect(await act(() => result.current.check())).toEqual({ state: 'unseen' });
    await waitFor(() => expect(result.current.status).toBe('unknown'));
    await act(() => result.current.resend());
    expect(server.effects).toBe(1);
  });

  it('cancel() makes certain that it never happens: the late packet is refused', async () => {
    await using server = await serve();
    const network = badNetwork();
    network.swallow = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url, network.links) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect(await act(() => result.current.cancel())).toMatchObject({ state: 'abandoned' });
    await waitFor(() => expect(result.current.status).toBe('idle'));

    const late = await fetch(`${server.url}/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json: network.swallowed[0] }),
    });
    expect(late.status).toBe(412);
    expect(server.effects).toBe(0);
    await act(() => result.current.mutateAsync({ amount: 1 })); // meant anew
    expect(server.effects).toBe(1);
  });

  it('cancel() comes too late for what had happened, and shows its answer', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect(await act(() => result.current.cancel())).toMatchObject({ state: 'succeeded' });
    await waitFor(() => expect(result.current).toMatchObject({ status: 'success', data: { id: 1 } }));
  });

  it('says so when nothing was submitted', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    for (const action of [result.current.check, result.current.cancel, result.current.resend]) {
      await expect(action()).rejects.toSatisfy((error) => isOncekeyError(error, 'MISCONFIGURED'));
    }
  });
});

describe.each(flavours)('an edit after an unknown outcome, with %s', (_, usePay) => {
  it('gives the first up before the second goes out: one effect, the edited one', async () => {
    await using server = await serve();
    const network = badNetwork();
    network.swallow = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url, network.links) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    const answer = await act(() => result.current.mutateAsync({ amount: 2 }));
    expect(answer).toMatchObject({ id: 1, amount: 2 });
    expect(server.asked).toEqual(['idempotency.abandon']);
    expect(result.current.idempotency.isHandedOver).toBe(false);
    expect(server.effects).toBe(1);
  });

  it('hands over the first’s answer if it had gone through after all, and sends nothing more', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    const answer = await act(() => result.current.mutateAsync({ amount: 2 }));
    expect(answer).toMatchObject({ id: 1, amount: 1 });
    await waitFor(() => expect(result.current.idempotency).toMatchObject({ isHandedOver: true, replayed: true }));
    expect(server.effects).toBe(1);
    expect((await act(() => result.current.mutateAsync({ amount: 3 }))).id).toBe(2); // it is settled
  });

  it('waits with the second while nobody can be asked: the retry finds out', async () => {
    await using server = await serve();
    const network = badNetwork();
    network.swallow = 1;
    const { result } = renderHook(() => usePay({ retryDelay: 1 }), {
      wrapper: createWrapper(server.url, network.links),
    });
    network.swallow = 4; // all that TanStack sends by itself
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    server.lost = 1; // the order to give up is obeyed, and its answer is lost
    const answer = await act(() => result.current.mutateAsync({ amount: 2 }));
    expect(answer.amount).toBe(2);
    expect(server.asked).toEqual(['idempotency.abandon', 'idempotency.abandon']);
    expect(server.effects).toBe(1);
  });

  it('of another subject is none: both happen', async () => {
    await using server = await serve();
    server.lost = 1;
    const subject = ({ amount }: { amount: number }) => `row ${amount}`;
    const { result } = renderHook(() => usePay({ ...never, subject }), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect((await act(() => result.current.mutateAsync({ amount: 2 }))).amount).toBe(2);
    expect(server.effects).toBe(2);
    expect(server.asked).toEqual([]);
  });

  it('warns where the app has mounted no outcomes, and sends', async () => {
    await using server = await serve({ hasOutcomes: false });
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    expect((await act(() => result.current.mutateAsync({ amount: 2 }))).amount).toBe(2);
    expect(warned).toHaveBeenCalledOnce();
    expect((await act(() => result.current.mutateAsync({ amount: 1 }))).id).toBe(1); // its key was kept
  });
});

describe.each(flavours)('what is one intent, with %s', (_, usePay) => {
  it("'mount': one key until it is renewed, and one answer", async () => {
    await using server = await serve();
    const { result, unmount } = renderHook(() => usePay({ ...never, intent: 'mount', joinWindowMs: 0 }), {
      wrapper: createWrapper(server.url),
    });
    server.lost = 1;
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    const first = await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(await act(() => result.current.mutateAsync({ amount: 1 }))).toEqual(first);
    expect(new Set(server.keys()).size).toBe(1);
    expect(server.effects).toBe(1);
    act(() => result.current.renew());
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(2);
    unmount();
    const again = renderHook(() => usePay({ ...never, intent: 'mount' }), { wrapper: createWrapper(server.url) });
    await act(() => again.result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(3);
  });

  it("'mount': another input under the key is refused, not merged", async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay({ ...never, intent: 'mount' }), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    const refused = act(() => result.current.mutateAsync({ amount: 2 }));
    await expect(refused).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_REUSED'));
    expect(server.effects).toBe(1);
  });

  it("'content': at most one such, from any hook, at any time", async () => {
    await using server = await serve();
    const send = async (amount: number) => {
      const { result } = renderHook(() => usePay({ ...never, intent: 'content', joinWindowMs: 0 }), {
        wrapper: createWrapper(server.url),
      });
      return act(() => result.current.mutateAsync({ amount }));
    };
    expect(await send(1)).toEqual(await send(1));
    await send(2);
    expect(server.effects).toBe(2);
  });

  it('renew() means the next submit anew, though the last is not settled', async () => {
    await using server = await serve();
    server.lost = 1;
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    await act(() => result.current.mutateAsync({ amount: 1 }).catch(() => {}));
    act(() => result.current.renew());
    await act(() => result.current.mutateAsync({ amount: 1 }));
    expect(server.effects).toBe(2);
  });
});

describe.each(flavours)('a clock that is days off, with %s', (_, usePay) => {
  it('costs one more request, and the key is the server’s time from then on', async () => {
    await using server = await serve();
    const { result } = renderHook(() => usePay(never), { wrapper: createWrapper(server.url) });
    const now = Date.now;
    // The server is in this process: only who mints a key is shown the wrong time.
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
      const isMinting = /server-clock|uuid/.test(new Error('who asks').stack ?? '');
      return now() - (isMinting ? 3 * 86_400_000 : 0);
    });
    await act(() => result.current.mutateAsync({ amount: 1 }));
    await act(() => result.current.mutateAsync({ amount: 2 }));
    clock.mockRestore();
    expect(server.effects).toBe(2);
    const ages = server.keys().map((key) => {
      const parsed = parseKey(key);
      return parsed.ok ? Math.round((now() - (parsed.bornAt?.getTime() ?? 0)) / 86_400_000) : Number.NaN;
    });
    expect(ages.slice(-2)).toEqual([0, 0]);
    expect(result.current.idempotency.key).toBe(server.keys().at(-1));
  });
});
