import { useState } from 'react';
import type { Bar, Lane, RunState } from './run.ts';
import { ENDS, EVENTS, LANES, sentenceOf, TURNS } from './words.ts';

export interface Effect {
  readonly id: number;
  readonly lane: Lane;
  readonly attempt: string;
  /** In ms from the start of the run. */
  readonly at: number;
}

export interface ServerEvent {
  readonly id: number;
  readonly kind: string;
  readonly at: number;
}

const MOST_ROWS = 8;

/** Every attempt as a bar, the server's decisions and the committed rows below: all of it recorded, nothing drawn for show. */
export function Timeline(props: {
  state: RunState;
  effects: readonly Effect[];
  events: readonly ServerEvent[];
  /** Up to when the run is shown, in ms. */
  until: number;
  total: number;
}) {
  const { state, effects, events, until, total } = props;
  const [chosen, setChosen] = useState<string>();
  const bar = state.bars.find(({ id }) => id === chosen);
  const place = (ms: number) => `${Math.min(100, Math.max(0, (ms / total) * 100))}%`;
  const shown = events.filter(({ kind, at }) => kind !== 'replayed' && at <= until);
  return (
    <div className="grid gap-4">
      <p className="min-h-12 rounded-lg bg-sunken px-3 py-2 text-sm" aria-live="polite">
        {bar
          ? sentenceOf(bar, state.key)
          : 'Point at a bar, or step through them with Tab: each says what was decided, and why.'}
      </p>
      {(['without', 'with'] as const).map((lane) => (
        <Swimlane
          key={lane}
          lane={lane}
          bars={state.bars.filter((each) => each.lane === lane && each.from <= until)}
          effects={effects.filter((effect) => effect.lane === lane && effect.at <= until)}
          turns={lane === 'with' ? shown.filter(({ kind }) => kind in TURNS) : []}
          until={until}
          place={place}
          keyOfRun={state.key}
          chosen={chosen}
          onChoose={setChosen}
        />
      ))}
      {shown.length > 0 && (
        <div>
          <h3 className="mb-1 text-sm font-semibold">What the server wrote down about the key</h3>
          <ol className="grid gap-0.5 text-sm text-muted">
            {shown.slice(0, MOST_ROWS).map((event) => (
              <li key={event.id}>
                {Math.max(0, Math.round(event.at)).toLocaleString('en')} ms ·{' '}
                <span className="font-medium text-ink">{event.kind}</span>: {EVENTS[event.kind] ?? event.kind}
              </li>
            ))}
            {shown.length > MOST_ROWS && <li>and {shown.length - MOST_ROWS} more</li>}
          </ol>
        </div>
      )}
      <Legend />
    </div>
  );
}

interface SwimlaneProps {
  lane: Lane;
  bars: readonly Bar[];
  effects: readonly Effect[];
  /** When the work changed hands. */
  turns: readonly ServerEvent[];
  until: number;
  place(ms: number): string;
  keyOfRun: string;
  chosen: string | undefined;
  onChoose(id: string): void;
}

function Swimlane({ lane, bars, effects, turns, until, place, keyOfRun, chosen, onChoose }: SwimlaneProps) {
  const presses = [...new Set(bars.map(({ press }) => press))].sort((a, b) => a - b);
  return (
    <section aria-label={`Attempts ${LANES[lane].toLowerCase()}`}>
      <h3 className="mb-1.5 text-sm font-semibold">{LANES[lane]}</h3>
      <div className="grid gap-1 rounded-lg border border-line p-2">
        {presses.slice(0, MOST_ROWS).map((press) => (
          <div key={press} className="relative h-6">
            {bars
              .filter((bar) => bar.press === press)
              .map((bar) => {
                const end = bar.to !== undefined && bar.to <= until ? bar.end : undefined;
                const { mark, name, style } = ENDS[end ?? 'pending'];
                const width = `calc(${place(Math.min(bar.to ?? until, until))} - ${place(bar.from)})`;
                return (
                  <button
                    key={bar.id}
                    type="button"
                    aria-label={sentenceOf(bar, keyOfRun)}
                    onFocus={() => onChoose(bar.id)}
                    onMouseEnter={() => onChoose(bar.id)}
                    onClick={() => onChoose(bar.id)}
                    style={{ left: place(bar.from), width }}
                    className={`absolute inset-y-0 min-w-5 overflow-hidden rounded border text-left text-xs/5 whitespace-nowrap ${style} ${chosen === bar.id ? 'z-10 ring-2 ring-ink' : ''}`}
                  >
                    <span className="px-1">
                      {mark} {name}
                    </span>
                  </button>
                );
              })}
          </div>
        ))}
        {presses.length > MOST_ROWS && (
          <p className="text-xs text-muted">and {presses.length - MOST_ROWS} more presses, counted above</p>
        )}
        <div
          className="relative mt-1 h-6 border-t border-line"
          role="img"
          aria-label={[`${effects.length} rows committed`, ...turns.map(({ kind }) => EVENTS[kind])].join('; ')}
        >
          {effects.map((effect) => (
            <span
              key={effect.id}
              title={`Row ${effect.id}, made by ${effect.attempt}`}
              style={{ left: place(effect.at) }}
              className={`absolute top-1.5 size-3 -translate-x-1/2 rotate-45 border ${lane === 'with' ? 'border-accent bg-accent' : 'border-warn bg-warn'}`}
            />
          ))}
          {turns.map(({ id, kind, at }) => (
            <span
              key={id}
              title={EVENTS[kind]}
              style={{ left: place(at) }}
              className="absolute top-1 -translate-x-full bg-surface px-0.5 text-xs/4 whitespace-nowrap text-ink"
            >
              {TURNS[kind]}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}

function Legend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted" aria-label="Legend">
      {Object.values(ENDS).map(({ mark, name, style }) => (
        <li key={name} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className={`inline-grid h-4 min-w-5 place-items-center rounded border px-1 text-[0.625rem] ${style}`}
          >
            {mark}
          </span>
          {name}
        </li>
      ))}
      <li>◆ a row committed</li>
    </ul>
  );
}
