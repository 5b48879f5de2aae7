import { type ReactElement, useState, useSyncExternalStore } from 'react';
import { IntentDetail } from './intent-detail.tsx';
import type { IntentRecorder, RecordedIntent } from './recorder.ts';
import { css } from './styles.ts';
import { operationOf, STATES, shortKey } from './words.ts';

export interface IntentsPanelProps {
  readonly recorder: IntentRecorder;
  /** Default: the system's. */
  readonly theme?: 'light' | 'dark';
}

/** The list of intents and the one that is chosen: the panel without TanStack Devtools around it. */
export function IntentsPanel({ recorder, theme }: IntentsPanelProps): ReactElement {
  const intents = useSyncExternalStore(recorder.subscribe, recorder.intents, recorder.intents);
  const [chosen, setChosen] = useState<number>();
  const shown = intents.find(({ id }) => id === chosen);
  return (
    <div className="oncekey-devtools" data-theme={theme}>
      <style>{css}</style>
      <section aria-label="Intents">
        <header>
          <h2>Intents</h2>
          <button type="button" onClick={recorder.clear} disabled={intents.length === 0}>
            Forget what is over
          </button>
        </header>
        {intents.length === 0 ? (
          <p className="empty">Nothing was sent under a key yet.</p>
        ) : (
          <ul>
            {intents.map((intent) => (
              <IntentRow
                key={intent.id}
                intent={intent}
                isChosen={intent.id === chosen}
                onChoose={() => setChosen(intent.id)}
              />
            ))}
          </ul>
        )}
      </section>
      {shown && <IntentDetail key={shown.id} intent={shown} />}
    </div>
  );
}

function IntentRow({
  intent,
  isChosen,
  onChoose,
}: {
  readonly intent: RecordedIntent;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): ReactElement {
  const { attempts } = intent;
  return (
    <li>
      <button type="button" className="row" aria-pressed={isChosen} onClick={onChoose}>
        <span className="state" data-state={intent.state}>
          {STATES[intent.state]}
        </span>
        <span className="operation">{operationOf(intent.mutationKey)}</span>
        <code>{shortKey(intent.key)}</code>
        <span className="count">{attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`}</span>
        <span>{attempts.at(-1)?.end ?? ''}</span>
      </button>
    </li>
  );
}
