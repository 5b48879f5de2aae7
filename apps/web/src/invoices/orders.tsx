import { useIdempotentMutation } from '@oncekey/react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';
import { IntentAnswer } from '../intent/intent-answer.tsx';
import { usePersist } from '../session/person-context.ts';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { euros, when } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

/** Orders to choose from; those of one customer make an invoice. */
export function Orders() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const orders = useQuery(trpc.invoices.orders.queryOptions(undefined, { refetchInterval: 3_000 }));
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [presses, setPresses] = useState(0);
  const create = useIdempotentMutation(trpc.invoices.create, {
    persist: usePersist(),
    onSuccess: (invoice) => void toast.success(`${invoice.number} was created.`),
    onError: (error) => void (error.data?.code === 'CONFLICT' && toast.error(error.message)),
    onSettled: () => queryClient.invalidateQueries(trpc.invoices.pathFilter()),
  });
  const choose = (id: number, isChosen: boolean) => {
    setPresses(0);
    setChosen((before) => (isChosen ? [...before, id].sort() : before.filter((each) => each !== id)));
  };
  const submit = () => {
    setPresses((before) => before + 1);
    create.mutate({ orderIds: [...chosen] });
  };
  return (
    <Panel title="Orders" aside={<span className="text-sm text-muted">{chosen.length} chosen</span>}>
      <QueryState query={orders} lines={6} empty="There are no orders.">
        {(list) => (
          <ul className="-my-2 max-h-80 divide-y divide-line overflow-y-auto">
            {list.map((order) => (
              <li key={order.id}>
                <label className="flex cursor-pointer items-center gap-3 py-2">
                  <input
                    type="checkbox"
                    checked={chosen.includes(order.id)}
                    onChange={(event) => choose(order.id, event.target.checked)}
                    className="size-4 accent-(--accent)"
                  />
                  <span className="min-w-0 flex-1">
                    <span className="font-medium">
                      {order.id} · {order.customer}
                    </span>{' '}
                    <span className="text-muted">{order.item}</span>
                    <span className="block text-sm text-muted">{when(order.orderedAt)}</span>
                  </span>
                  <span className="text-right">
                    {euros(order.cents)}
                    <span className="block text-sm text-muted">{order.invoice ?? 'not invoiced'}</span>
                  </span>
                </label>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
      <div className="mt-4">
        <Button kind="primary" onClick={submit}>
          <ReceiptText aria-hidden size={16} />
          Create invoice
        </Button>
      </div>
      <IntentAnswer
        of={create}
        presses={presses}
        names={{
          succeeded: `${create.data?.number ?? 'The invoice'} was created.`,
          replayed: `Already created: this is the first answer again, ${create.data?.number ?? ''}.`,
          refused: 'No invoice was created.',
        }}
        onSendAgain={submit}
      />
    </Panel>
  );
}
