import { idempotencyLink } from '@oncekey/client';
import type { AppRouter } from '@oncekey/demo-server';
import { createTRPCClient, httpLink } from '@trpc/client';
import superjson from 'superjson';

/** What the demo's own server is told of one attempt, beside the request itself. */
interface AttemptContext {
  readonly attempt: string;
  readonly trouble: string;
}

/** One request a call: a batch would share its faults. */
export const labClient = createTRPCClient<AppRouter>({
  links: [
    idempotencyLink(),
    httpLink({
      url: '/api/trpc',
      transformer: superjson,
      headers: ({ op }) => {
        const { attempt, trouble } = op.context as Partial<AttemptContext>;
        return { ...(attempt && { 'x-demo-attempt': attempt }), ...(trouble && { 'x-demo-trouble': trouble }) };
      },
    }),
  ],
});
