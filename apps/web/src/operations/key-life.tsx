import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { time, when } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import type { ChosenRecord } from './operations-page.tsx';

/** One key's life, from the audit events. */
export function KeyLife({ chosen }: { chosen: ChosenRecord | undefined }) {
  return (
    <Panel title="The life of a key">
      {chosen ? <Life chosen={chosen} /> : <p className="text-muted">Choose a key from the records.</p>}
    </Panel>
  );
}

function Life({ chosen }: { chosen: ChosenRecord }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const life = useQuery(trpc.operations.life.queryOptions(chosen, { refetchInterval: 2_000 }));
  const abandon = useMutation(
    trpc.operations.abandon.mutationOptions({
      onSuccess: ({ isAbandoned }) => {
        toast(
          isAbandoned
            ? 'The key is given up: nothing will happen under it.'
            : 'It was too late: it has ended, or is at work.',
        );
        return queryClient.invalidateQueries(trpc.operations.pathFilter());
      },
    }),
  );
  const { data } = life;
  if (!data) return <p className="text-muted">{life.isError ? 'This could not be read.' : 'Loading…'}</p>;
  return (
    <div className="grid gap-4">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        <Line name="Key" value={chosen.key} />
        <Line name="Person" value={chosen.scope} />
        {data.record && (
          <>
            <Line name="Operation" value={data.record.operation} />
            <Line name="State" value={`${data.record.state}, attempt ${data.record.attempt}`} />
            <Line name="Execution" value={data.record.executionId} />
            <Line name="Remembered until" value={when(data.record.expiresAt)} />
            <Line name="Answer" value={`${data.record.resultBytes} bytes`} />
          </>
        )}
      </dl>
      <ol className="grid gap-2.5 border-l-2 border-line pl-4" aria-label="Events">
        {data.events.map((event) => (
          <li key={event.id} className="relative">
            <span aria-hidden className="absolute top-2 -left-[1.4rem] size-2.5 rounded-full bg-accent" />
            <span className="font-medium">{event.kind}</span>
            <span className="block text-sm text-muted">
              {time(event.at)} · {event.actor ?? 'a worker'}
              {event.attempt !== null && ` · attempt ${event.attempt}`}
            </span>
          </li>
        ))}
      </ol>
      {data.steps.length > 0 && (
        <p className="text-sm text-muted">
          Steps that are finished:{' '}
          {data.steps
            .map(({ name }) => name)
            .slice(0, 12)
            .join(', ')}
          {data.steps.length > 12 && ` and ${data.steps.length - 12} more`}
        </p>
      )}
      <div>
        <Button onClick={() => abandon.mutate(chosen)}>Abandon</Button>
      </div>
    </div>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-all">{value}</dd>
    </>
  );
}
