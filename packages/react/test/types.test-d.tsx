/** What must and must not compile, in both flavours. Checked by `tsc`; nothing here runs. */

import type { Outcome } from '@oncekey/client';
import { createTRPCReact } from '@trpc/react-query';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import { expectTypeOf } from 'vitest';
import { useIdempotentMutation as useClassic } from '../src/classic.ts';
import { type MutationIdempotency, useIdempotentMutation } from '../src/index.ts';
import type { Router } from './server.ts';

const { useTRPC } = createTRPCContext<Router>();
const classic = createTRPCReact<Router>();
type Paid = { id: number; amount: number; at: Date };

export function Tanstack() {
  const trpc = useTRPC();
  const pay = useIdempotentMutation(trpc.pay, {
    onMutate: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ amount: number }>();
      return { snapshot: 1 };
    },
    onSuccess: (data, input, result) => {
      expectTypeOf(data).toEqualTypeOf<Paid>();
      expectTypeOf(input).toEqualTypeOf<{ amount: number }>();
      expectTypeOf(result).toEqualTypeOf<{ snapshot: number }>();
    },
    onError: (error) => {
      expectTypeOf(error.data?.oncekey?.retry).toEqualTypeOf<'same-key' | 'new-key' | 'never' | undefined>();
    },
    scope: { id: 'payments' },
    retry: 1,
    trpc: { context: { skipBatch: true } },
  });
  expectTypeOf(pay.data).toEqualTypeOf<Paid | undefined>();
  expectTypeOf(pay.variables).toEqualTypeOf<{ amount: number } | undefined>();
  expectTypeOf(pay.idempotency).toEqualTypeOf<MutationIdempotency>();
  expectTypeOf(pay.mutateAsync({ amount: 1 })).resolves.toEqualTypeOf<Paid>();
  if (pay.isSuccess) expectTypeOf(pay.data).toEqualTypeOf<Paid>();
  expectTypeOf(pay.status).toEqualTypeOf<'idle' | 'pending' | 'success' | 'error' | 'unknown'>();
  if (pay.status === 'unknown') expectTypeOf(pay.error).not.toEqualTypeOf<null>();
  expectTypeOf(pay.resend()).resolves.toEqualTypeOf<Paid>();
  expectTypeOf(pay.check()).resolves.toEqualTypeOf<Outcome>();
  useIdempotentMutation(trpc.pay, { intent: 'mount', subject: ({ amount }) => `row ${amount}` });
  pay.mutate({ amount: 1 }, { onSuccess: (data) => expectTypeOf(data).toEqualTypeOf<Paid>() });
  // @ts-expect-error: wrong input
  pay.mutate({ amount: '1' });
  // @ts-expect-error: an input is needed
  pay.mutate();
  // @ts-expect-error: the hook brings its own
  useIdempotentMutation(trpc.pay, { mutationFn: async () => ({}) });

  // @ts-expect-error: no context of tRPC's
  useIdempotentMutation(trpc.pay, { trpc: { context: 1 } });
  // @ts-expect-error: a query is not a mutation
  useIdempotentMutation(trpc.total);

  const ping = useIdempotentMutation(trpc.ping);
  ping.mutate();
  // @ts-expect-error: it takes no input
  ping.mutate({ amount: 1 });
  expectTypeOf(ping.data).toEqualTypeOf<string | undefined>();
  return null;
}

export function Classic() {
  const pay = useClassic(classic.pay, {
    onMutate: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ amount: number }>();
      return { snapshot: 1 };
    },
    onSuccess: (data, input, result) => {
      expectTypeOf(data).toEqualTypeOf<Paid>();
      expectTypeOf(input).toEqualTypeOf<{ amount: number }>();
      expectTypeOf(result).toEqualTypeOf<{ snapshot: number }>();
    },
    onError: (error) => {
      expectTypeOf(error.data?.oncekey?.retry).toEqualTypeOf<'same-key' | 'new-key' | 'never' | undefined>();
    },
  });
  expectTypeOf(pay.data).toEqualTypeOf<Paid | undefined>();
  expectTypeOf(pay.variables).toEqualTypeOf<{ amount: number } | undefined>();
  expectTypeOf(pay.mutateAsync({ amount: 1 })).resolves.toEqualTypeOf<Paid>();
  // @ts-expect-error: wrong input
  pay.mutate({ amount: '1' });

  // @ts-expect-error: a query is not a mutation
  useClassic(classic.total);

  const ping = useClassic(classic.ping);
  ping.mutate();
  // @ts-expect-error: it takes no input
  ping.mutate({ amount: 1 });
  expectTypeOf(ping.data).toEqualTypeOf<string | undefined>();
  // @ts-expect-error: not a mutation
  useClassic(classic);
  return null;
}
