import { useIdempotentMutation } from '@oncekey/react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { when } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

const STATES = {
  running: '▸ running',
  succeeded: '✓ imported',
  failed: '✕ failed',
  cancelled: '■ cancelled',
  superseded: '↷ replaced by a later one',
} as const;

interface Job {
  readonly id: string;
  readonly fileName: string;
  readonly executionId: string;
  readonly state: keyof typeof STATES;
  readonly rowsDone: number;
  readonly rowsTotal: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** Every import of this person: what runs, with its speed, and what became of the others. */
export function ImportJobs() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const jobs = useQuery(trpc.imports.list.queryOptions(undefined, { refetchInterval: 500 }));
  const cancel = useIdempotentMutation(trpc.imports.cancel, {
    subject: ({ jobId }) => jobId,
    onSettled: () => queryClient.invalidateQueries(trpc.imports.pathFilter()),
  });
  return (
    <Panel title="Imports">
      <QueryState query={jobs} lines={2} empty="None yet. Choose a file above.">
        {(list) => (
          <ul className="-my-3 divide-y divide-line" aria-label="Imports">
            {list.map((job) => (
              <li key={job.id} className="grid gap-2 py-3">
                <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                  <span className="font-medium">{job.fileName}</span>
                  <span>{STATES[job.state]}</span>
                </div>
                {job.state === 'running' && <Progress job={job} onCancel={() => cancel.mutate({ jobId: job.id })} />}
                <p className="text-sm text-muted">
                  {when(job.createdAt)} · {job.rowsDone.toLocaleString('en')} of {job.rowsTotal.toLocaleString('en')}{' '}
                  rows · execution …{job.executionId.slice(-6)}
                </p>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}

/** From the database alone, so that a reload shows the same. */
function Progress({ job, onCancel }: { job: Job; onCancel(): void }) {
  const seconds = job.startedAt ? (Date.now() - job.startedAt.getTime()) / 1_000 : 0;
  const speed = seconds > 0.5 ? job.rowsDone / seconds : 0;
  const left = speed > 0 ? Math.ceil((job.rowsTotal - job.rowsDone) / speed) : undefined;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <progress
        value={job.rowsDone}
        max={job.rowsTotal}
        aria-label={`Progress of ${job.fileName}`}
        className="h-2.5 min-w-40 flex-1 appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
      />
      <span className="w-44 text-sm text-muted">
        {speed > 0
          ? `${Math.round(speed).toLocaleString('en')} rows/s · ${left ?? '…'} s left`
          : 'Waiting for a worker…'}
      </span>
      <Button onClick={onCancel}>Cancel</Button>
    </div>
  );
}
