import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

const WHEN = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** What was sent before a reload, or in another tab, arrives by itself. */
const EVERY_MS = 2_000;

/** The person's own, newest first. */
export function ConversationList() {
  const conversations = useQuery(useTRPC().conversations.list.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  return (
    <Panel title="Your conversations">
      <QueryState
        query={conversations}
        lines={2}
        empty="None yet. Send a message above, twice if you like, and there will be one."
      >
        {(list) => (
          <ul className="-my-3 divide-y divide-line">
            {list.map((conversation) => (
              <li key={conversation.id} className="py-3">
                <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                  <h3 className="font-medium">{conversation.agency.name}</h3>
                  <time dateTime={conversation.createdAt.toISOString()} className="text-sm text-muted">
                    {WHEN.format(conversation.createdAt)}
                  </time>
                </div>
                <p className="line-clamp-2 break-words text-muted">{conversation.message}</p>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}
