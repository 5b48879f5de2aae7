import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { plain } from '../intent/intent-answer.tsx';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';

const WAYS = {
  send: 'Required: no key, no message',
  sendGenerated: 'Generated: the server makes one',
  sendDerived: 'Derived: the same words within 10 s',
  sendUnprotected: 'As it was: the key is NULL',
} as const;
type Way = keyof typeof WAYS;

/** An old app that knows nothing of keys, and sends everything twice, as its retry did. */
export function KeylessClient() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [way, setWay] = useState<Way>('send');
  const procedures = {
    send: useMutation(trpc.messages.send.mutationOptions({ retry: false })),
    sendGenerated: useMutation(trpc.messages.sendGenerated.mutationOptions({ retry: false })),
    sendDerived: useMutation(trpc.messages.sendDerived.mutationOptions({ retry: false })),
    sendUnprotected: useMutation(trpc.messages.sendUnprotected.mutationOptions({ retry: false })),
  };
  const [said, setSaid] = useState('');
  const sendTwice = async () => {
    const body = `Is anyone there? (${way})`;
    const { mutateAsync } = procedures[way];
    const answers = await Promise.allSettled([mutateAsync({ body }), mutateAsync({ body })]);
    const ids = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.id] : [])));
    const refused = answers.find((answer) => answer.status === 'rejected');
    setSaid(
      refused
        ? `Refused: ${plain((refused.reason as Error).message)}`
        : ids.size === 1
          ? 'Sent twice: one message.'
          : 'Sent twice: two messages.',
    );
    await queryClient.invalidateQueries(trpc.messages.pathFilter());
  };
  return (
    <Panel title="A client without keys">
      <div className="grid gap-4">
        <Choice label="What the server does" value={way} options={WAYS} onChange={(value) => setWay(value as Way)} />
        <Button onClick={sendTwice}>Send the same message twice</Button>
        <p aria-live="polite" className="min-h-6">
          {said}
        </p>
      </div>
    </Panel>
  );
}
