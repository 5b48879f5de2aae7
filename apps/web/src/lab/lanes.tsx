import type { Lane, RunState } from './run.ts';
import { LANES } from './words.ts';

/** Two lanes of equal weight, and under each the only number that counts. */
export function Lanes(props: {
  state: RunState | undefined;
  /** Rows in the database; `undefined` while it cannot be asked. */
  rows: Readonly<Record<Lane, number>> | undefined;
  isAway: boolean;
}) {
  return (
    <div className="grid grid-cols-2 gap-3 sm:gap-5">
      <LaneCard lane="without" {...props} />
      <LaneCard lane="with" {...props} />
    </div>
  );
}

function LaneCard({ lane, state, rows, isAway }: { lane: Lane } & Parameters<typeof Lanes>[0]) {
  const count = rows?.[lane];
  const sent = state?.bars.filter((bar) => bar.lane === lane).length ?? 0;
  const isWrong = (count ?? 0) > 1;
  return (
    <section
      aria-label={LANES[lane]}
      className={`rounded-2xl border p-4 shadow-card sm:p-5 ${isWrong ? 'border-warn/50 bg-warn-soft' : 'border-line bg-surface'}`}
    >
      <h2 className={`font-semibold ${lane === 'with' ? 'text-accent-strong' : ''}`}>{LANES[lane]}</h2>
      <p className={`mt-1 text-5xl/14 font-semibold tracking-tight ${isWrong ? 'text-warn' : ''}`}>
        {count?.toLocaleString('en') ?? '–'}
        <span className="sr-only"> rows in the database</span>
      </p>
      <p aria-hidden className="text-sm text-muted">
        {count === 1 ? 'row' : 'rows'} in the database
      </p>
      <p className="mt-1 min-h-6 text-sm text-muted">
        {isAway ? 'The server is away…' : `${sent} ${sent === 1 ? 'attempt' : 'attempts'} sent`}
      </p>
    </section>
  );
}
