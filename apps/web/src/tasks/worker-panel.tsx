import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { Panel } from '../ui/panel.tsx';
import { KillWorkers } from './kill-workers.tsx';

export function WorkerPanel() {
  const customers = useQuery(useTRPC().tasks.customers.queryOptions(undefined, { refetchInterval: 2_000 }));
  return (
    <Panel title="Workers">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <p>
          <span className="block text-3xl/9 font-semibold tracking-tight">{customers.data ?? '–'}</span>
          <span className="text-sm text-muted">customers synchronised</span>
        </p>
        <KillWorkers />
      </div>
    </Panel>
  );
}
