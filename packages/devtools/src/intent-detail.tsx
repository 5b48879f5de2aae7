import { type ReactElement, useState } from 'react';
import type { Attempt, RecordedIntent } from './recorder.ts';
import { operationOf, STATES } from './words.ts';

/** One intent: its key, every attempt, and what can be done about it. */
export function IntentDetail({ intent }: { readonly intent: RecordedIntent }): ReactElement {
  const { handles } = intent;
  const [word, setWord] = useState('');
  const say = async (question: string, answer: () => Promise<string>) => {
    setWord(`${question}…`);
    setWord(await answer().catch((error: unknown) => (error instanceof Error ? error.message : String(error))));
  };
  return (
    <section aria-label="The intent">
      <header>
        <h2>{operationOf(intent.mutationKey)}</h2>
      </header>
      <dl>
        <dt>Key</dt>
        <dd>
          <code>{intent.key}</code>
        </dd>
        <dt>State</dt>
        <dd>{STATES[intent.state]}</dd>
        {intent.answer?.executionId && (
          <>
            <dt>Execution</dt>
            <dd>
              <code>{intent.answer.executionId}</code>
            </dd>
          </>
        )}
        <dt>Input</dt>
        <dd>
          <pre>{textOf(intent.input)}</pre>
        </dd>
      </dl>
      <ol aria-label="Attempts">
        {intent.attempts.map((attempt, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an attempt is its place in the row
          <li key={index}>{sentence(attempt)}</li>
        ))}
      </ol>
      {handles && (
        <div className="actions">
          <button
            type="button"
            onClick={() =>
              say('Sending again under the same key', () => handles.resend().then(() => 'It was answered.'))
            }
          >
            Resend
          </button>
          <button
            type="button"
            onClick={() => say('Asking', () => handles.check().then(({ state }) => `The server says: ${state}.`))}
          >
            Check
          </button>
          <button
            type="button"
            onClick={() =>
              say('Giving it up', () => handles.cancel().then(({ state }) => `The server says: ${state}.`))
            }
          >
            Abandon
          </button>
        </div>
      )}
      <p role="status">{word}</p>
    </section>
  );
}

function sentence({ at, end, endedAt }: Attempt): string {
  const time = new Date(at).toLocaleTimeString(undefined, { hour12: false });
  return end === undefined || endedAt === undefined ? `${time} on its way` : `${time} ${end}, after ${endedAt - at} ms`;
}

function textOf(input: unknown): string {
  try {
    return JSON.stringify(input, undefined, 2) ?? 'none';
  } catch {
    return String(input);
  }
}
