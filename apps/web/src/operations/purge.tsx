import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';

/** First how much it would be, then how far it is. */
export function Purge() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const expired = useQuery(trpc.operations.expired.queryOptions(undefined, { refetchInterval: 1_000 }));
  const purge = useMutation(
    trpc.operations.purge.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.operations.expired.queryFilter()),
    }),
  );
  const { records = 0, total = 0, purge: run } = expired.data ?? {};
  return (
    <Panel title="Purge">
      <div className="grid gap-4">
        <p>
          {records === 0 ? 'Nothing has expired' : `${records.toLocaleString('en')} records have expired`}, of{' '}
          {total.toLocaleString('en')}.
        </p>
        {run && run.state !== 'idle' && (
          <div>
            <progress
              value={run.state === 'done' ? 1 : run.records}
              max={run.state === 'done' ? 1 : Math.max(1, run.expected)}
              aria-label="Progress of the purge"
              className="h-2.5 w-full appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
            />
            <p aria-live="polite" className="mt-1 text-sm text-muted">
              {run.records.toLocaleString('en')} records and {run.events.toLocaleString('en')} events deleted
              {run.state === 'done' && '. Done.'}
              {run.state === 'failed' && '. It broke off; start it again and it goes on.'}
            </p>
          </div>
        )}
        <div>
          <Button onClick={() => purge.mutate()}>
            {records === 0 ? 'Purge all the same' : `Purge ${records.toLocaleString('en')}`}
          </Button>
        </div>
      </div>
    </Panel>
  );
}
