import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOutside } from '../src/index.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'oncekey-outside-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const start = () => startOutside({ data, port: 0, smtpPort: 0 });
const entry = { kind: 'invoice', reference: 'INV-0001', cents: 12_000 };

async function post(url: string, path: string, body: unknown) {
  const response = await fetch(`${url}/accounting/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { id?: string } };
}
const get = async (url: string) => (await fetch(url)).json() as Promise<unknown[]>;

it('enters what has a request id once, also after a restart, and anything else as often as it is asked', async () => {
  let first: { id?: string };
  {
    await using outside = await start();
    first = (await post(outside.url, 'entries?requestid=r-1', entry)).body;
  }
  await using outside = await start();
  const again = await post(outside.url, 'entries?requestid=r-1', entry);
  expect(again).toEqual({ status: 200, body: first });
  await post(outside.url, 'entries', entry);
  await post(outside.url, 'entries', entry);
  expect(await get(`${outside.url}/accounting/entries?reference=INV-0001`)).toHaveLength(3);
  expect(await get(`${outside.url}/accounting/entries?requestid=r-1`)).toEqual([first]);
});

it('loses the answer after the work is done, when it is told to', async () => {
  await using outside = await start();
  await fetch(`${outside.url}/trouble`, { method: 'PUT', body: JSON.stringify({ delayMs: 0, loseAnswers: 1 }) });
  await expect(post(outside.url, 'entries?requestid=r-1', entry)).rejects.toThrow('fetch failed');
  expect(await get(`${outside.url}/accounting/entries?requestid=r-1`)).toHaveLength(1);
  expect((await post(outside.url, 'entries?requestid=r-1', entry)).status).toBe(200);
});

it('takes mail over SMTP, as often as it is sent', async () => {
  await using outside = await start();
  const transport = createTransport({ host: '127.0.0.1', port: outside.smtpPort, ignoreTLS: true });
  const mail = {
    from: 'hello@example.com',
    to: 'ada@example.com',
    subject: 'Welcome',
    text: 'Hello',
    messageId: '<k-1@x>',
  };
  await transport.sendMail(mail);
  await transport.sendMail(mail);
  transport.close();
  const mails = await get(`${outside.url}/mailbox?to=ada@example.com`);
  expect(mails).toHaveLength(2);
  expect(mails[0]).toMatchObject({ messageId: '<k-1@x>', subject: 'Welcome', text: 'Hello' });
  expect(await get(`${outside.url}/mailbox?messageid=${encodeURIComponent('<k-2@x>')}`)).toEqual([]);
});

it('refuses what it cannot enter', async () => {
  await using outside = await start();
  expect((await post(outside.url, 'entries', { kind: 'invoice' })).status).toBe(400);
});
