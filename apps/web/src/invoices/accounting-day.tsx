import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KillWorkers } from '../tasks/kill-workers.tsx';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';

/** How bad a day the accounting service has: it is another process, and its faults are its own. */
export function AccountingDay() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const day = useQuery(trpc.invoices.outside.queryOptions(undefined, { refetchInterval: 2_000 }));
  const change = useMutation(
    trpc.invoices.troubleOutside.mutationOptions({
      onSuccess: (trouble) => queryClient.setQueryData(trpc.invoices.outside.queryKey(), trouble),
    }),
  );
  const { delayMs = 0, loseAnswers = 0 } = day.data ?? {};
  return (
    <Panel
      title="The accounting service"
      aside={
        <span className="text-sm text-muted">
          {day.data === null ? 'Out of reach' : describe(delayMs, loseAnswers)}
        </span>
      }
    >
      <div className="flex flex-wrap gap-3">
        <Button onClick={() => change.mutate({ delayMs, loseAnswers: 2 })}>Lose its next two answers</Button>
        <Button onClick={() => change.mutate({ delayMs: delayMs === 0 ? 2_000 : 0, loseAnswers })}>
          {delayMs === 0 ? 'Make it slow' : 'Make it fast'}
        </Button>
        <KillWorkers />
      </div>
    </Panel>
  );
}

function describe(delayMs: number, loseAnswers: number): string {
  const words = [delayMs > 0 && `${delayMs / 1_000} s slow`, loseAnswers > 0 && `loses ${loseAnswers} answers`];
  return words.filter(Boolean).join(', ') || 'A good day';
}
