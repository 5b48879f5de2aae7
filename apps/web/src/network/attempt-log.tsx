import { Panel } from '../ui/panel.tsx';
import { type Attempt, type AttemptEnd, attempts } from './attempts.ts';

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** One line for each HTTP attempt, newest first. */
export function AttemptLog() {
  const list = attempts.use();
  return (
    <Panel title="What was sent" aside={<span className="text-sm text-muted">{countOf(list.length)}</span>}>
      {list.length === 0 ? (
        <p className="text-muted">
          Nothing yet. Each request that has an effect is listed here, with its key and its answer.
        </p>
      ) : (
        <ol aria-live="polite" className="-my-2 max-h-96 divide-y divide-line overflow-y-auto">
          {list.map((attempt) => (
            <AttemptLine key={attempt.id} attempt={attempt} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function AttemptLine({ attempt }: { attempt: Attempt }) {
  const { label, tone, mark } = wordsFor(attempt.end);
  return (
    <li className="grid grid-cols-[auto_1fr] gap-x-3 py-2.5">
      <span aria-hidden className={`w-4 text-center ${tone}`}>
        {mark}
      </span>
      <div className="min-w-0">
        <p className={`font-medium ${tone}`}>{label}</p>
        <p className="text-sm text-muted">
          <time dateTime={attempt.at.toISOString()}>{TIME.format(attempt.at)}</time> · {attempt.operation} · attempt{' '}
          {attempt.number} ·{' '}
          {attempt.key === undefined ? (
            'no key'
          ) : (
            <>
              key <code className="font-mono text-[0.8125rem]">…{attempt.key.slice(-6)}</code>
            </>
          )}
          {attempt.tookMs !== undefined && ` · ${attempt.tookMs} ms`}
          {attempt.trouble && ` · ${attempt.trouble.replaceAll('-', ' ')}`}
        </p>
      </div>
    </li>
  );
}

function wordsFor(end: AttemptEnd | undefined): { label: string; tone: string; mark: string } {
  switch (end?.kind) {
    case undefined:
      return { label: 'Sent, no answer yet', tone: 'text-muted', mark: '…' };
    case 'executed':
      return { label: 'Executed', tone: 'text-accent-strong', mark: '●' };
    case 'replayed':
      return { label: 'Answered from the record: the handler did not run', tone: 'text-ink', mark: '↺' };
    case 'waited':
      return { label: 'Waited for the first, and got its answer', tone: 'text-ink', mark: '‖' };
    case 'unprotected':
      return { label: 'Executed, without a key', tone: 'text-warn', mark: '○' };
    case 'lost':
      return { label: 'No answer: the connection was lost', tone: 'text-warn', mark: '✕' };
    case 'refused':
      return { label: `Refused: ${end.message}`, tone: 'text-danger', mark: '■' };
  }
}

function countOf(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`;
}
