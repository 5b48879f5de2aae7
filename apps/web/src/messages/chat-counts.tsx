import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Counts } from '../ui/counts.tsx';

/** How many messages PostgreSQL holds, and how many of them say the same as another. */
export function ChatCounts() {
  const messages = useQuery(useTRPC().messages.list.queryOptions(undefined, { refetchInterval: 2_000 }));
  const bodies = messages.data?.map(({ body }) => body);
  return (
    <Counts
      isAway={messages.isError}
      counts={{
        Messages: bodies?.length,
        Different: bodies && new Set(bodies).size,
        'Without a key': messages.data?.filter(({ keyedBy }) => keyedBy === 'nobody').length,
      }}
    />
  );
}
