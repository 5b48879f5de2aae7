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
  /** Asks the server what became of it; where it has happened, shows its answer. */
  check(): Promise<{ readonly state: string }>;
  /** Makes certain that it never happens; where it has, shows its answer. */
  cancel(): Promise<{ readonly state: string }>;
}

/** What it is called here. */
export interface Names {
  /** Default: "Sent." */
  readonly succeeded?: string;
  readonly succeededDetail?: string | undefined;
  /** Default: "Already sent: this is the first answer again." */
  readonly replayed?: string;
  readonly refused?: string;
  readonly handedOver?: string;
}

/** What became of an intent, in plain words. It stays until the person does something else. */
export function IntentAnswer(props: { of: Sending; presses: number; names?: Names; onSendAgain(): void }) {
  const { of: sending, presses, names = {}, onSendAgain } = props;
  const [heard, setHeard] = useState('');
  const ask = async (question: () => Promise<{ readonly state: string }>) => {
    setHeard('');
    const state = await question().then(
      (outcome) => outcome.state,
      () => undefined,
    );
    setHeard(state === undefined ? 'The server is out of reach. Try again.' : (OUTCOMES[state] ?? ''));
  };
  const words = wordsFor(sending, names);
  return (
    <div aria-live="polite" className="min-h-0">
      {words && (
        <div className="mt-4">
          <Notice tone={words.tone} title={words.title}>
            {words.detail && <p>{words.detail}</p>}
            <p className="text-sm text-muted">{countOf(presses, sending.idempotency.key)}</p>
            {(words.sendAgain || words.cancel) && (
              <div className="mt-3 flex flex-wrap gap-3">
                {words.cancel && <Button onClick={() => ask(sending.check)}>Check</Button>}
                {words.sendAgain && <Button onClick={onSendAgain}>Send again (safe)</Button>}
                {words.cancel && <Button onClick={() => ask(sending.cancel)}>Cancel for good</Button>}
              </div>
            )}
            {words.cancel && heard && <p className="mt-2 text-sm">{heard}</p>}
          </Notice>
        </div>
      )}
    </div>
  );
}

const OUTCOMES: Readonly<Record<string, string>> = {
  unseen: 'The server has not seen it. It may still be on its way: cancel it for good, or send it again.',
  running: 'It is being worked on.',
  interrupted: 'It was begun and broke off: sending it again goes on with it.',
};

interface Words {
  readonly tone: Tone;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly sendAgain?: boolean;
  readonly cancel?: boolean;
}

function wordsFor({ idempotency, isPaused, failureCount, error }: Sending, names: Names): Words | undefined {
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
          detail: names.handedOver ?? 'So this one was not sent.',
        };
      }
      return idempotency.replayed
        ? {
            tone: 'accent',
            title: names.replayed ?? 'Already sent: this is the first answer again.',
            detail: 'It was answered from the record: the handler did not run.',
          }
        : { tone: 'accent', title: names.succeeded ?? 'Sent.', detail: names.succeededDetail };
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
      return { tone: 'danger', title: names.refused ?? 'It was not sent.', detail: plain(error?.message) };
  }
}

/** A parser's refusal comes as its list of issues. */
export function plain(message: string | undefined): string {
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
