import { Panel } from './panel.tsx';

/** The only numbers that count: rows, read from PostgreSQL and not from the page's memory. */
export function Counts(props: {
  counts: Readonly<Record<string, number | undefined>>;
  isAway: boolean;
  children?: React.ReactNode;
}) {
  const { counts, isAway, children } = props;
  return (
    <Panel
      title="In the database"
      aside={
        <span className={`text-sm ${isAway ? 'text-danger' : 'text-muted'}`}>
          {isAway ? 'Not reachable' : 'PostgreSQL, live'}
        </span>
      }
    >
      <dl className="flex flex-wrap gap-x-8 gap-y-3">
        {Object.entries(counts).map(([label, count]) => (
          <div key={label} className="flex flex-col-reverse">
            <dt className="text-sm text-muted">{label}</dt>
            <dd className="text-3xl/9 font-semibold tracking-tight">{count?.toLocaleString('en') ?? '–'}</dd>
          </div>
        ))}
      </dl>
      {children}
    </Panel>
  );
}
