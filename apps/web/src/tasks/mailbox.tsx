import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../trpc.ts';
import { time } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';

/** What has really arrived at the mail server. */
export function Mailbox() {
  const mailbox = useQuery(useTRPC().tasks.mailbox.queryOptions(undefined, { refetchInterval: 1_500 }));
  const mails = mailbox.data;
  return (
    <Panel
      title="Mailbox"
      aside={
        <span className="text-sm text-muted">
          {mails ? (mails.length === 1 ? '1 mail' : `${mails.length} mails`) : ''}
        </span>
      }
    >
      {mails === null && <p className="text-danger">The mail server is out of reach.</p>}
      {mails?.length === 0 && <p className="text-muted">No mail has arrived yet.</p>}
      {mails && mails.length > 0 && (
        <ul className="-my-2 max-h-72 divide-y divide-line overflow-y-auto" aria-label="Mailbox">
          {mails.map((mail) => (
            <li key={`${mail.messageId} ${mail.at}`} className="py-2">
              <span className="font-medium">{mail.subject}</span>
              <span className="block text-sm break-words text-muted">
                {mail.to.join(', ')} · {time(new Date(mail.at))} · {mail.messageId}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
