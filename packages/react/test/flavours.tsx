import { idempotencyLink } from '@oncekey/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, type TRPCLink } from '@trpc/client';
import { createTRPCReact } from '@trpc/react-query';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { ReactNode } from 'react';
import superjson from 'superjson';
import { useIdempotentMutation as useClassicMutation } from '../src/classic.ts';
import { useIdempotentMutation } from '../src/index.ts';
import type { Router } from './server.ts';

const { TRPCProvider, useTRPC } = createTRPCContext<Router>();
const classic = createTRPCReact<Router>();

/** `pay` through either flavour of tRPC: the same hook, the same promises. */
type Procedure = 'pay' | 'refund';
type PayHook = (options?: Options, procedure?: Procedure) => ReturnType<typeof usePayTanstack>;
type Options = Parameters<
  typeof useIdempotentMutation<{ amount: number }, { id: number; amount: number; at: Date }, unknown>
>[1];

function usePayTanstack(options?: Options, procedure: Procedure = 'pay') {
  return useIdempotentMutation(useTRPC()[procedure], options as never);
}
function usePayClassic(options?: Options, procedure: Procedure = 'pay') {
  return useClassicMutation(classic[procedure], options as never);
}

export const flavours: readonly [readonly [string, PayHook], readonly [string, PayHook]] = [
  ['@trpc/tanstack-react-query', usePayTanstack],
  ['@trpc/react-query', usePayClassic as unknown as PayHook],
];

/** Providers of both flavours on one client. */
export function createWrapper(
  url: string,
  links: TRPCLink<Router>[] = [idempotencyLink()],
  queryClient = new QueryClient(),
) {
  const all = [...links, httpBatchLink({ url, transformer: superjson })];
  const client = createTRPCClient<Router>({ links: all });
  const classicClient = classic.createClient({ links: all });
  const Wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queryClient}>
      <classic.Provider client={classicClient} queryClient={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          {children}
        </TRPCProvider>
      </classic.Provider>
    </QueryClientProvider>
  );
  return Wrapper;
}

/** The classic flavour alone, for a test that has providers of its own. */
createWrapper.classic = (url: string) => ({
  Provider: classic.Provider,
  client: classic.createClient({ links: [idempotencyLink(), httpBatchLink({ url, transformer: superjson })] }),
});
