import type { Mail } from '@oncekey/demo-outside';
import { createTransport } from 'nodemailer';
import { environment } from '../environment.ts';

const transport = createTransport({
  host: environment.smtpHost,
  port: environment.smtpPort,
  ignoreTLS: true,
  connectionTimeout: 3_000,
});

/** RFC 5322 3.6.4: one mail, one Message-ID. Made from the step's key, so that every attempt sends the same mail. */
export const messageIdOf = (key: string): string => `<${key}@oncekey.example>`;

export async function sendWelcome(to: string, name: string, messageId: string): Promise<{ messageId: string }> {
  await transport.sendMail({
    from: 'Studio Mira <hello@studio-mira.example>',
    to,
    subject: `Welcome, ${name}`,
    text: `Hello ${name},\n\ngood to have you with us.\n\nStudio Mira`,
    messageId,
  });
  return { messageId };
}

/** Whether the mail server has it. SMTP itself cannot be asked; one's own outbox, or a provider's API, can. */
export async function findMail(messageId: string): Promise<{ messageId: string } | undefined> {
  const response = await fetch(`${environment.outsideUrl}/mailbox?messageid=${encodeURIComponent(messageId)}`, {
    signal: AbortSignal.timeout(3_000),
  });
  const [mail] = (await response.json()) as Mail[];
  return mail && { messageId: mail.messageId };
}
