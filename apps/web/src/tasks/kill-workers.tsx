import { useMutation } from '@tanstack/react-query';
import { Skull } from 'lucide-react';
import { toast } from 'sonner';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';

/** Ends every worker process as a power cut would. The demo starts new ones within a second. */
export function KillWorkers() {
  const kill = useMutation(
    useTRPC().tasks.killWorkers.mutationOptions({
      onSuccess: () => void toast('The workers were killed, and start again.'),
    }),
  );
  return (
    <Button onClick={() => kill.mutate()}>
      <Skull aria-hidden size={16} />
      Kill the workers
    </Button>
  );
}
