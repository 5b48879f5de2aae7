import { useIdempotentMutation } from '@oncekey/react';
import { useQueryClient } from '@tanstack/react-query';
import { Banknote, Mail, RefreshCw } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { IntentAnswer } from '../intent/intent-answer.tsx';
import { usePersist } from '../session/person-context.ts';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';

/** Three things to have done. */
export function NewTask() {
  const [isDoomed, setDoomed] = useState(false);
  return (
    <Panel title="Have it done">
      <label className="mb-5 flex cursor-pointer items-start gap-3">
        <input
          type="checkbox"
          checked={isDoomed}
          onChange={(event) => setDoomed(event.target.checked)}
          className="mt-1 size-4 accent-(--accent)"
        />
        <span>
          <span className="font-medium">At the worst moment</span>
          <span className="block text-sm text-muted">
            The worker kills itself once, right after the other system has said yes and before it is written down.
          </span>
        </span>
      </label>
      <div className="grid gap-6">
        <Welcome crash={isDoomed} />
        <Payment crash={isDoomed} />
        <Sync crash={isDoomed} />
      </div>
    </Panel>
  );
}

function useSettled() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries(trpc.tasks.pathFilter());
}

function Welcome({ crash }: { crash: boolean }) {
  const [name, setName] = useState('Ada Byron');
  const [to, setTo] = useState('ada@example.com');
  const [presses, setPresses] = useState(0);
  const welcome = useIdempotentMutation(useTRPC().tasks.welcome, { persist: usePersist(), onSettled: useSettled() });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setPresses((before) => before + 1);
    welcome.mutate({ name, to, crash });
  };
  return (
    <form onSubmit={submit} aria-label="Welcome mail">
      <div className="grid items-end gap-3 sm:grid-cols-[1fr_1fr_auto]">
        <Field label="Name" value={name} onChange={(event) => setName(event.target.value)} />
        <Field label="Mail address" value={to} onChange={(event) => setTo(event.target.value)} />
        <Button kind="primary" type="submit">
          <Mail aria-hidden size={16} />
          Welcome
        </Button>
      </div>
      <IntentAnswer
        of={welcome}
        presses={presses}
        names={{
          succeeded: 'It is on the workers’ list.',
          replayed: 'Already on the list: this is the first answer again.',
          refused:
            welcome.error?.data?.oncekey?.code === 'DUPLICATE'
              ? 'This address was welcomed a moment ago.'
              : 'It was not taken.',
        }}
        onSendAgain={submit}
      />
    </form>
  );
}

function Payment({ crash }: { crash: boolean }) {
  const [reference, setReference] = useState('Deposit 7');
  const [amount, setAmount] = useState('120');
  const [presses, setPresses] = useState(0);
  const payment = useIdempotentMutation(useTRPC().tasks.payment, { persist: usePersist(), onSettled: useSettled() });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setPresses((before) => before + 1);
    payment.mutate({ reference, cents: Math.round(Number(amount) * 100) || 0, crash });
  };
  return (
    <form onSubmit={submit} aria-label="Payment">
      <div className="grid items-end gap-3 sm:grid-cols-[1fr_1fr_auto]">
        <Field label="Reference" value={reference} onChange={(event) => setReference(event.target.value)} />
        <Field label="Euros" inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />
        <Button kind="primary" type="submit">
          <Banknote aria-hidden size={16} />
          Charge
        </Button>
      </div>
      <IntentAnswer
        of={payment}
        presses={presses}
        names={{
          succeeded: 'It is on the workers’ list.',
          replayed: 'Already on the list: this is the first answer again.',
          refused: 'It was not taken.',
        }}
        onSendAgain={submit}
      />
    </form>
  );
}

function Sync({ crash }: { crash: boolean }) {
  const [presses, setPresses] = useState(0);
  const sync = useIdempotentMutation(useTRPC().tasks.sync, { onSettled: useSettled() });
  const submit = () => {
    setPresses((before) => before + 1);
    sync.mutate({ crash });
  };
  return (
    <div>
      <Button onClick={submit}>
        <RefreshCw aria-hidden size={16} />
        Synchronise customers
      </Button>
      <IntentAnswer
        of={sync}
        presses={presses}
        names={{
          succeeded: 'It is on the workers’ list.',
          replayed: 'Already in progress: this is the one that runs.',
          refused: 'It was not taken.',
        }}
        onSendAgain={submit}
      />
    </div>
  );
}
