import type { MutationIdempotency } from '@oncekey/react';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Notice, type Tone } from '../ui/notice.tsx';

interface Sending {
  readonly idempotency: MutationIdempotency;
  readonly isPaused: boolean;
  /** How many attempts have failed so far. */
  readonly failureCount: number;
  readonly error: { readonly message: string } | null;
  /** Makes certain that it never happens; where it has, shows its answer. */
  cancel(): Promise<unknown>;
}

/** What became of the message, in plain words. It stays until the person does something else. */
export function SendAnswer({ start, presses, onSendAgain }: { start: Sending; presses: number; onSendAgain(): void }) {
  const [isOutOfReach, setOutOfReach] = useState(false);
  const cancel = async () => {
    setOutOfReach(false);
    try {
      await start.cancel();
    } catch {
      setOutOfReach(true);
    }
  };
  const words = wordsFor(start);
  return (
    <div aria-live="polite" className="min-h-0">
      {words && (
        <div className="mt-4">
          <Notice tone={words.tone} title={words.title}>
            {words.detail && <p>{words.detail}</p>}
            <p className="text-sm text-muted">{countOf(presses, start.idempotency.key)}</p>
            <div className="mt-3 flex flex-wrap gap-3">
              {words.sendAgain && <Button onClick={onSendAgain}>Send again (safe)</Button>}
              {words.cancel && <Button onClick={cancel}>Do not send it</Button>}
            </div>
            {words.cancel && isOutOfReach && <p className="mt-2 text-sm">The server is out of reach. Try again.</p>}
          </Notice>
        </div>
      )}
    </div>
  );
}

interface Words {
  readonly tone: Tone;
  readonly title: string;
  readonly detail?: string;
  readonly sendAgain?: boolean;
  readonly cancel?: boolean;
}

function wordsFor({ idempotency, isPaused, failureCount, error }: Sending): Words | undefined {
  switch (idempotency.outcome) {
    case undefined:
      return undefined;
    case 'pending':
      if (isPaused) {
        return {
          tone: 'warn',
          title: 'You are offline.',
          detail: 'It goes out when you are back, under the same key.',
        };
      }
      return failureCount > 0
        ? { tone: 'warn', title: 'No answer yet, trying again…', detail: 'Under the same key: it cannot happen twice.' }
        : { tone: 'quiet', title: 'Sending…' };
    case 'succeeded':
      if (idempotency.isHandedOver) {
        return {
          tone: 'warn',
          title: 'Your first message had gone through after all.',
          detail: 'So this one was not sent: there is one conversation, and it begins with the first.',
        };
      }
      return idempotency.replayed
        ? {
            tone: 'accent',
            title: 'Already sent: this is the first answer again.',
            detail: 'It was answered from the record: the handler did not run.',
          }
        : { tone: 'accent', title: 'Sent.' };
    case 'unknown':
      return {
        tone: 'warn',
        title: 'No answer came. It may have happened.',
        detail: 'Sending again finds out: the key is the same, so it cannot happen twice.',
        sendAgain: true,
        cancel: true,
      };
    case 'failed':
      return {
        tone: 'danger',
        title: 'The server failed.',
        detail: 'Try again: the key is the same.',
        sendAgain: true,
      };
    case 'refused':
      return { tone: 'danger', title: 'It was not sent.', detail: plain(error?.message) };
  }
}

/** A parser's refusal comes as its list of issues. */
function plain(message: string | undefined): string {
  try {
    const issues: unknown = JSON.parse(message ?? '');
    const [first] = Array.isArray(issues) ? issues : [];
    if (typeof first?.message === 'string') return first.message;
  } catch {
    // It is a sentence already.
  }
  return message ?? 'The server gave no reason.';
}

function countOf(presses: number, key: string | undefined): string {
  return `Pressed ${presses === 1 ? 'once' : `${presses} times`} · key …${key?.slice(-6) ?? ''}`;
}
