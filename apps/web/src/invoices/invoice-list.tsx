import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { euros, time, when } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';

/** Every invoice, how far it has come, and its audit trail. */
export function InvoiceList() {
  const invoices = useQuery(useTRPC().invoices.list.queryOptions(undefined, { refetchInterval: 1_500 }));
  return (
    <Panel title="Invoices">
      <QueryState
        query={invoices}
        lines={3}
        empty="None yet. Choose an order above, and create one. Twice, if you like."
      >
        {(list) => (
          <ul className="-my-2 divide-y divide-line" aria-label="Invoices">
            {list.map((invoice) => (
              <li key={invoice.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2.5">
                <span className="min-w-0 flex-1 basis-52">
                  <span className="font-medium">
                    {invoice.number} · {invoice.customer}
                  </span>
                  <span className="block text-sm text-muted">
                    {when(invoice.createdAt)}, by {invoice.createdBy}
                  </span>
                </span>
                <span>{euros(invoice.cents)}</span>
                <span className="w-28 text-sm">{stateOf(invoice)}</span>
                <AuditTrail number={invoice.number} />
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}

function stateOf({ accountingId, paidAt }: { accountingId: string | null; paidAt: Date | null }): string {
  if (paidAt) return '✓ paid';
  return accountingId ? '→ in the books' : '… being sent';
}

function AuditTrail({ number }: { number: string }) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>
        <Button aria-label={`Audit trail of ${number}`}>Audit trail</Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-1/2 left-1/2 max-h-[85dvh] w-[min(40rem,calc(100vw-2rem))] -translate-1/2 overflow-y-auto rounded-2xl border border-line bg-surface p-6"
        >
          <div className="mb-4 flex items-start justify-between gap-4">
            <Dialog.Title className="text-lg font-semibold">{number}: who did what, and when</Dialog.Title>
            <Dialog.Close className="grid size-8 place-items-center rounded-lg text-muted hover:bg-sunken">
              <X aria-hidden size={18} />
              <span className="sr-only">Close</span>
            </Dialog.Close>
          </div>
          <Trail number={number} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Trail({ number }: { number: string }) {
  const audit = useQuery(useTRPC().invoices.audit.queryOptions({ number }, { refetchInterval: 1_500 }));
  const { data } = audit;
  if (!data) return <p className="text-muted">{audit.isError ? 'This could not be read.' : 'Loading…'}</p>;
  return (
    <div className="grid gap-5">
      <ol className="grid gap-2 border-l-2 border-line pl-4">
        {data.events.map((event) => (
          <li key={event.id}>
            <span className="font-medium">{event.kind}</span> · {event.operation}
            <span className="block text-sm text-muted">
              {time(event.at)}, by {event.actor ?? 'a worker'}
            </span>
          </li>
        ))}
      </ol>
      <div>
        <h3 className="font-semibold">In the accounting service’s own ledger</h3>
        {data.ledger === undefined ? (
          <p className="text-muted">The service is out of reach.</p>
        ) : (
          <ul aria-label="Ledger">
            {data.ledger.map((entry) => (
              <li key={entry.id}>
                {entry.kind} · {euros(entry.cents)} · {time(new Date(entry.at))}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
