import { persistIntents } from '@oncekey/client';
import { useIdempotentMutation } from '@oncekey/react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Send, X } from 'lucide-react';
import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import superjson from 'superjson';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { SendAnswer } from './send-answer.tsx';

/** Writes the first message to an agency. Its button is never disabled: pressing it twice is what it is made for. */
export function Composer({ agency, onClose }: { agency: { id: string; name: string }; onClose(): void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const id = useId();
  const [message, setMessage] = useState('');
  const [presses, setPresses] = useState(0);
  const me = useQuery(trpc.session.me.queryOptions());
  const person = me.data?.person;
  // What is on its way outlives a reload and a closed tab: opening the composer again shows what became of it. To the same
  // person only: another one who signs in here must not send it as their own.
  const persist = useMemo(
    () => persistIntents({ area: 'local', transformer: superjson, prefix: `oncekey:${person}:${agency.id}` }),
    [person, agency.id],
  );
  const start = useIdempotentMutation(trpc.conversations.start, {
    persist,
    onSettled: () => queryClient.invalidateQueries(trpc.conversations.pathFilter()),
  });

  const send = () => {
    setPresses((before) => before + 1);
    start.mutate({ agencyId: agency.id, message });
  };
  const edit = (text: string) => {
    setMessage(text);
    setPresses(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      send();
    }
  };

  return (
    <form
      aria-label={`Message to ${agency.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={onKeyDown}
      className="mt-4 rounded-xl border border-line bg-sunken p-4"
    >
      <div className="mb-1.5 flex items-center justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          Your message
        </label>
        <button
          type="button"
          onClick={onClose}
          className="-mr-1.5 grid size-8 place-items-center rounded-lg text-muted hover:bg-surface hover:text-ink"
        >
          <X aria-hidden size={18} />
          <span className="sr-only">Close</span>
        </button>
      </div>
      <textarea
        id={id}
        // The person has just asked for it.
        // biome-ignore lint/a11y/noAutofocus: opening the composer is the request to write
        autoFocus
        rows={3}
        maxLength={2_000}
        value={message}
        onChange={(event) => edit(event.target.value)}
        aria-describedby={`${id}-keys`}
        placeholder={`Hello ${agency.name}, …`}
        className="w-full resize-y rounded-lg border border-line bg-surface px-3 py-2 placeholder:text-muted"
      />
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button kind="primary" type="submit">
          <Send aria-hidden size={16} />
          Send
        </Button>
        <p id={`${id}-keys`} className="text-sm text-muted">
          <kbd className="font-sans">Ctrl</kbd> or <kbd className="font-sans">⌘</kbd> +{' '}
          <kbd className="font-sans">Enter</kbd> sends, <kbd className="font-sans">Esc</kbd> closes
        </p>
      </div>
      <SendAnswer start={start} presses={presses} onSendAgain={send} />
    </form>
  );
}
