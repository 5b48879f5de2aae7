import { idempotencyLink } from '@oncekey/client';
import type { AppRouter } from '@oncekey/demo-server';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import superjson from 'superjson';
import { troubledFetch } from './network/troubled-fetch.ts';

export const { TRPCProvider, useTRPC } = createTRPCContext<AppRouter>();

export function createClient() {
  return createTRPCClient<AppRouter>({
    links: [
      idempotencyLink(),
      httpBatchLink({
        url: '/api/trpc',
        transformer: superjson,
        fetch: (url, init) => troubledFetch(String(url), init as RequestInit),
      }),
    ],
  });
}
