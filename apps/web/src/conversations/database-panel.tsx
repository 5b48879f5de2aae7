import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Panel } from '../ui/panel.tsx';

const EVERY_MS = 2_000;
const SHOWN = 5;

/** The only numbers that count: rows, read from PostgreSQL and not from the page's memory. */
export function DatabasePanel() {
  const counts = useQuery(useTRPC().conversations.counts.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  const { data } = counts;
  return (
    <Panel
      title="In the database"
      aside={
        <span className={`text-sm ${counts.isError ? 'text-danger' : 'text-muted'}`}>
          {counts.isError ? 'Not reachable' : 'PostgreSQL, live'}
        </span>
      }
    >
      <dl className="grid grid-cols-3 gap-4">
        <Count label="Conversations" count={data?.conversations} />
        <Count label="Messages" count={data?.messages} />
        <Count label="Records" count={data?.records.length} />
      </dl>
      <Records records={data?.records ?? []} />
    </Panel>
  );
}

function Count({ label, count }: { label: string; count: number | undefined }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="text-3xl/9 font-semibold tracking-tight">{count ?? '–'}</dd>
    </div>
  );
}

function Records({ records }: { records: readonly { key: string; operation: string; createdAt: Date }[] }) {
  return (
    <details className="mt-4 text-sm">
      <summary className="cursor-pointer text-muted hover:text-ink">The newest records</summary>
      {records.length === 0 ? (
        <p className="mt-2 text-muted">No key was used yet.</p>
      ) : (
        <table className="mt-2 w-full text-left">
          <thead className="text-muted">
            <tr>
              <th scope="col" className="pb-1 font-medium">
                Key
              </th>
              <th scope="col" className="pb-1 font-medium">
                Operation
              </th>
            </tr>
          </thead>
          <tbody>
            {records.slice(0, SHOWN).map((record) => (
              <tr key={`${record.key} ${record.createdAt.getTime()}`} className="border-t border-line">
                <td className="py-1.5 font-mono text-[0.8125rem]">{record.key}</td>
                <td className="py-1.5 text-muted">{record.operation}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
