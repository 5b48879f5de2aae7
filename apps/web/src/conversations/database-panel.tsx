import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Counts } from '../ui/counts.tsx';

const EVERY_MS = 2_000;
const SHOWN = 5;

/** What PostgreSQL holds of a person's conversations. */
export function DatabasePanel() {
  const counts = useQuery(useTRPC().conversations.counts.queryOptions(undefined, { refetchInterval: EVERY_MS }));
  const { data } = counts;
  return (
    <Counts
      isAway={counts.isError}
      counts={{ Conversations: data?.conversations, Messages: data?.messages, Records: data?.records.length }}
    >
      <Records records={data?.records ?? []} />
    </Counts>
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
