import { useIdempotentMutation } from '@oncekey/react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Send, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { IntentAnswer, type Names } from '../intent/intent-answer.tsx';
import { usePersist } from '../session/person-context.ts';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';

/** Writes the first message to an agency. Its button is never disabled: pressing it twice is what it is made for. */
export function Composer({ agency, onClose }: { agency: { id: string; name: string }; onClose(): void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const id = useId();
  const [message, setMessage] = useState('');
  const [presses, setPresses] = useState(0);
  // Opening the composer again shows what became of what was on its way.
  const persist = usePersist(agency.id);
  const check = useQuery(
    trpc.conversations.find.queryOptions({ agencyId: agency.id }, { retry: false, staleTime: 0, gcTime: 0 }),
  );
  const isLate = useIsLate(check.isPending);
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
      <p className="mt-2 min-h-6 text-sm text-muted">{checked(check, isLate, agency.name)}</p>
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
      <IntentAnswer of={start} presses={presses} names={namesFor(start.data?.isNew)} onSendAgain={send} />
    </form>
  );
}

/** How long the page waits for its look before it stops believing in it. */
const LATE_MS = 1_500;

function useIsLate(isPending: boolean): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isPending && isLate;
}

/** The story's own check: a help to the person, and nothing depends on it. */
function checked(
  check: { isPending: boolean; isError: boolean; data: unknown },
  isLate: boolean,
  name: string,
): string {
  if (isLate || check.isError)
    return 'The look for an earlier conversation timed out. Write all the same: it stays one.';
  if (check.isPending) return 'Looking for an earlier conversation…';
  return check.data ? `You have written to ${name} before: this is added to it.` : '';
}

function namesFor(isNew: boolean | undefined): Names {
  return {
    succeededDetail: isNew === false ? 'Added to your conversation: there is one with this agency.' : undefined,
    handedOver: 'So this one was not sent: the conversation has your first message.',
  };
}
