import { SMTPServer } from 'smtp-server';
import type { Journal } from './journal.ts';

export interface Mail {
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}

const MOST_BYTES = 256 * 1024;

/** A real SMTP server, whose mailboxes one can look into. It takes the same mail as often as it is sent: SMTP does. */
export function createMailServer(mailbox: Journal<Mail>): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: MOST_BYTES,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (stream.sizeExceeded) return done(new Error('the mail is too large'));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mailbox.append({ ...parse(Buffer.concat(chunks).toString('utf8')), to, at: new Date().toISOString() });
        done();
      });
    },
  });
}

/** As much of RFC 5322 as our own mails use: headers, unfolded, and a body of plain text. */
function parse(source: string): Pick<Mail, 'messageId' | 'subject' | 'text'> {
  const [head = '', ...body] = source.split('\r\n\r\n');
  const headers = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const header = (name: string) =>
    headers
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  return { messageId: header('message-id'), subject: header('subject'), text: body.join('\r\n\r\n').trim() };
}
