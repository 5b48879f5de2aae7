import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { euros, time } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

const KINDS = { welcome: 'Welcome mail', payment: 'Payment', sync: 'Synchronisation' } as const;
const STATES = { queued: '… queued', running: '▸ running', succeeded: '✓ done', failed: '✕ failed' } as const;

export function TaskList() {
  const tasks = useQuery(useTRPC().tasks.list.queryOptions(undefined, { refetchInterval: 1_000 }));
  return (
    <Panel title="Tasks">
      <QueryState query={tasks} lines={3} empty="None yet.">
        {(list) => (
          <ul className="-my-2 divide-y divide-line" aria-label="Tasks">
            {list.map((task) => (
              <li key={task.id} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 py-2.5">
                <span className="font-medium">
                  {KINDS[task.kind]} {about(task.input)}
                </span>
                <span>{STATES[task.state]}</span>
                <span className="min-w-0 text-sm break-words text-muted">{task.result ?? 'No result yet.'}</span>
                <span className="text-right text-sm text-muted">
                  {time(task.createdAt)} · {task.attempts === 1 ? '1 worker' : `${task.attempts} workers`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}

function about({ to, reference, cents }: { to?: string; reference?: string; cents?: number }): string {
  if (to) return `to ${to}`;
  return reference ? `${reference}, ${euros(cents ?? 0)}` : '';
}
