import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { accounting, type Entry } from './accounting.ts';
import { crm } from './crm.ts';
import { Journal } from './journal.ts';
import { createMailServer, type Mail } from './mailbox.ts';
import { Trouble, TroubledDay } from './trouble.ts';

export interface OutsideOptions {
  /** Where its books are kept. */
  readonly data: string;
  /** 0: any free one. */
  readonly port: number;
  readonly smtpPort: number;
  /** Default: loopback, where nobody else is let in. */
  readonly host?: string;
}

/** The services of other companies: an accounting service, a mail server, a customer database. */
export async function startOutside({ data, port, smtpPort, host = '127.0.0.1' }: OutsideOptions) {
  const ledger = new Journal<Entry>(join(data, 'ledger.jsonl'));
  const mailbox = new Journal<Mail>(join(data, 'mailbox.jsonl'));
  const day = new TroubledDay();

  const app = new Hono()
    .get('/healthz', (c) => c.text('ok\n'))
    .get('/trouble', (c) => c.json(day.trouble))
    .put('/trouble', async (c) => {
      const trouble = Trouble.safeParse(await c.req.json().catch(() => undefined));
      if (!trouble.success) return c.json({ error: 'expected { delayMs, loseAnswers }' }, 400);
      day.trouble = trouble.data;
      return c.json(day.trouble);
    })
    .use('/accounting/*', day.middleware)
    .route('/accounting', accounting(ledger))
    .get('/mailbox', (c) => {
      const { messageid, to } = c.req.query();
      const mails = mailbox.entries.filter(
        (mail) =>
          (messageid === undefined || mail.messageId === messageid) && (to === undefined || mail.to.includes(to)),
      );
      return c.json(mails.slice(-100));
    })
    .route('/crm', crm);

  const http = serve({ fetch: app.fetch, hostname: host, port });
  const smtp = createMailServer(mailbox);
  smtp.listen(smtpPort, host);
  await Promise.all([http.listening || once(http, 'listening'), once(smtp.server, 'listening')]);
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    smtpPort: (smtp.server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await Promise.all([
        new Promise<void>((done) => smtp.close(() => done())),
        new Promise((done) => http.close(done)),
      ]);
    },
  };
}
