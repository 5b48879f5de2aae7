import { useIdempotentMutation } from '@oncekey/react';
import { useMutationState, useQuery, useQueryClient } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { usePersist } from '../session/person-context.ts';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { time } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

const EVERY_MS = 2_000;
const KEYED_BY = {
  client: 'key from the page',
  server: 'key made by the server',
  content: 'known by its content',
  nobody: 'no key',
} as const;

/** What was said, what is on its way, and a line to say more. */
export function Chat() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const messages = useQuery(trpc.messages.list.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  const isOnline = useSyncExternalStore(subscribeOnline, () => navigator.onLine);
  const [body, setBody] = useState('');
  const send = useIdempotentMutation(trpc.messages.send, {
    persist: usePersist('chat'),
    // One after the other, in the order in which they were written. Each is a message of its own, never another's edit.
    scope: { id: 'chat' },
    subject: (input) => input.body,
    onSettled: () => queryClient.invalidateQueries(trpc.messages.pathFilter()),
  });
  const waiting = useMutationState({
    filters: { mutationKey: trpc.messages.send.mutationKey(), status: 'pending' },
    select: ({ state }) => state.variables as { input?: { body: string }; key: string } | undefined,
    // The client without keys sends through the same procedure, and has no envelope.
  }).flatMap((each) => (each?.input ? [{ body: each.input.body, key: each.key }] : []));
  const end = useRef<HTMLDivElement>(null);
  const count = (messages.data?.length ?? 0) + waiting.length;
  useEffect(() => {
    if (count > 0) end.current?.scrollIntoView({ block: 'nearest' });
  }, [count]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() === '') return;
    send.mutate({ body });
    setBody('');
  };
  return (
    <Panel
      title="Front desk"
      aside={
        <span className={`text-sm ${isOnline ? 'text-muted' : 'text-warn'}`}>{isOnline ? 'Online' : 'Offline'}</span>
      }
    >
      <div className="h-96 overflow-y-auto">
        <QueryState query={messages} lines={4} empty={waiting.length === 0 ? 'Nothing was said yet.' : ''}>
          {(list) => (
            <ol className="grid gap-2" aria-label="Messages">
              {list.map((message) => (
                <li key={message.id} className="rounded-xl bg-sunken px-3.5 py-2">
                  <p className="break-words">{message.body}</p>
                  <p className="text-sm text-muted">
                    {time(message.at)} · {KEYED_BY[message.keyedBy]}
                  </p>
                </li>
              ))}
            </ol>
          )}
        </QueryState>
        {waiting.length > 0 && (
          <ol className="mt-2 grid gap-2" aria-label="On their way">
            {waiting.map(({ body: text, key }) => (
              <li key={key} className="rounded-xl border border-dashed border-line px-3.5 py-2">
                <p className="break-words">{text}</p>
                <p className="text-sm text-muted">{isOnline ? 'On its way…' : 'Goes out when you are back online.'}</p>
              </li>
            ))}
          </ol>
        )}
        <div ref={end} />
      </div>
      <form onSubmit={submit} className="mt-4 flex gap-3" aria-label="Write a message">
        <input
          aria-label="Your message"
          value={body}
          maxLength={2_000}
          onChange={(event) => setBody(event.target.value)}
          placeholder="Write, and press Enter"
          className="min-h-10 min-w-0 flex-1 rounded-lg border border-line bg-surface px-3 py-1.5 placeholder:text-muted"
        />
        <Button kind="primary" type="submit">
          <Send aria-hidden size={16} />
          Send
        </Button>
      </form>
      <p aria-live="polite" className="mt-2 min-h-6 text-sm text-muted">
        {send.isUnknown ? 'No answer came for the last one. It may have arrived: ' : ''}
        {send.isUnknown && (
          <button type="button" className="underline" onClick={() => void send.resend().catch(() => {})}>
            send again (safe)
          </button>
        )}
      </p>
    </Panel>
  );
}

function subscribeOnline(listener: () => void) {
  for (const type of ['online', 'offline']) addEventListener(type, listener);
  return () => {
    for (const type of ['online', 'offline']) removeEventListener(type, listener);
  };
}
