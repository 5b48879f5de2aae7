/** The stories' failures, played through the pages against real processes. That they do happen without a key, the lab shows. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from './fixture.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  demo.server.startWorker();
});
afterAll(() => demo?.[Symbol.asyncDispose]());
beforeEach(() => demo.clear());

const ROWS = 100_000;

describe('imports', () => {
  it('ten clicks in three tabs, a reload and a killed worker: one job, no row twice', async () => {
    await using alice = await demo.open('Alice', { path: '/imports' });
    const { page } = alice;
    const tabs = [page, await page.context().newPage(), await page.context().newPage()];
    for (const tab of tabs) {
      if (tab !== page) await tab.goto(`${demo.server.url}/imports`);
      await tab.getByRole('button', { name: /sample/ }).click();
      await tab.getByText('100,000 rows', { exact: false }).waitFor();
    }
    const buttons = tabs.map((tab) => tab.getByRole('button', { name: 'Import', exact: true }));
    for (let click = 0; click < 10; click++) await buttons[click % 3]?.click();
    const jobs = page.getByRole('list', { name: 'Imports' }).getByRole('listitem');
    await page.getByRole('progressbar').waitFor();
    await expect.poll(() => demo.server.count('contacts'), { timeout: 15_000, interval: 20 }).toBeGreaterThan(4_000);
    await page.getByRole('button', { name: 'Kill the workers' }).click();
    await page.reload();
    await page.getByRole('progressbar').waitFor();
    await expect.poll(() => jobs.first().innerText(), { timeout: 40_000 }).toContain('✓ imported');
    expect(await jobs.count()).toBe(1);
    expect(await demo.server.count('contacts')).toBe(ROWS);
    expect(alice.errors).toEqual([]);
  });

  it('says that it is in progress to whoever asks again, and can be cancelled', async () => {
    await using alice = await demo.open('Alice', { path: '/imports' });
    const { page } = alice;
    await page.getByRole('button', { name: /sample/ }).click();
    const start = page.getByRole('button', { name: 'Import', exact: true });
    await start.click();
    await page.getByText('The import has begun.').waitFor();
    await page.waitForTimeout(1_100); // a new intent, and not a double click
    await start.click();
    await page.getByText('Already in progress: this is the job that is there.').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('■ cancelled').waitFor();
    expect(await demo.server.count('import_jobs')).toBe(1);
  });

  it('says what is wrong with a file', async () => {
    await using alice = await demo.open('Alice', { path: '/imports' });
    const file = { name: 'notes.csv', mimeType: 'text/csv', buffer: Buffer.from('only a line') };
    await alice.page.getByLabel('Choose a CSV file').setInputFiles(file);
    await alice.page.getByRole('alert').getByText('It has no rows', { exact: false }).waitFor();
  });
});

describe('invoices', () => {
  it('a double click, a lost answer and a server that is killed: one invoice', async () => {
    await using alice = await demo.open('Alice', { path: '/invoices' });
    const { page } = alice;
    await page.getByLabel(/1041/).check();
    await page.getByLabel('Kill the server after the commit').check();
    await page.getByRole('button', { name: 'Create invoice' }).dblclick();
    await page.getByText('Already created: this is the first answer again, INV-0001.').waitFor({ timeout: 20_000 });
    expect(await demo.server.count('invoices')).toBe(1);
  });

  it('another person’s click on the same order is told which invoice, by whom and when', async () => {
    await using alice = await demo.open('Alice', { path: '/invoices' });
    await using bob = await demo.open('Bob', { path: '/invoices' });
    for (const { page } of [alice, bob]) {
      await page.getByLabel(/1042/).check();
      await page.getByRole('button', { name: 'Create invoice' }).click();
    }
    const told = bob.page.getByText(/Order 1042 is already on invoice INV-0001, created by Alice at \d\d:\d\d/);
    await told.first().waitFor();
    expect(await demo.server.count('invoices')).toBe(1);
  });

  it('is entered and paid once, though the accounting service loses its answers and workers are killed', async () => {
    await using alice = await demo.open('Alice', { path: '/invoices' });
    const { page } = alice;
    await page.getByRole('button', { name: 'Lose its next two answers' }).click();
    await page.getByText('loses 2 answers').waitFor();
    await page.getByLabel(/1043/).check();
    await page.getByRole('button', { name: 'Create invoice' }).click();
    await page.getByText('was created.').first().waitFor();
    await page.getByRole('button', { name: 'Kill the workers' }).click();
    await page.getByText('✓ paid').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Audit trail of INV-0001' }).click();
    const ledger = page.getByRole('list', { name: 'Ledger' }).getByRole('listitem');
    await ledger.first().waitFor();
    // Those of earlier tests have the same number: their tables were emptied, the service's books are its own.
    const [{ id = '' } = {}] = await demo.server.sql`select accounting_id as id from invoices`;
    const entries = await (await fetch(`${demo.server.outside}/accounting/entries?reference=INV-0001`)).json();
    expect(entries.filter((entry: { id: string }) => entry.id === id)).toHaveLength(1);
    const own = entries.filter((entry: { cents: number }) => entry.cents === 31_500);
    expect(own.map((entry: { kind: string }) => entry.kind)).toEqual(['invoice', 'payment']);
  });
});

describe('tasks', () => {
  it('the worker dies right after the mail was sent: one mail in the mailbox', async () => {
    await using alice = await demo.open('Alice', { path: '/tasks' });
    const { page } = alice;
    await page.getByLabel('At the worst moment').check();
    await page.getByLabel('Mail address').fill('worst@example.com');
    await page.getByRole('button', { name: 'Welcome' }).dblclick();
    await page.getByText('✓ done').waitFor({ timeout: 30_000 });
    const mails = page.getByRole('list', { name: 'Mailbox' }).getByRole('listitem');
    await mails.first().waitFor();
    expect(await mails.count()).toBe(1);
    expect(await page.getByRole('list', { name: 'Tasks' }).innerText()).toContain('2 workers');
    await page.getByLabel('Name').fill('Ada again');
    await page.getByRole('button', { name: 'Welcome' }).click();
    await page.getByText('This address was welcomed a moment ago.').waitFor();
  });
});

describe('messages', () => {
  it('ten written offline, the tab closed and another opened: they arrive once and in order', async () => {
    await using alice = await demo.open('Alice', { path: '/messages' });
    const { page } = alice;
    const context = page.context();
    await context.setOffline(true);
    const texts = Array.from({ length: 10 }, (_, index) => `Message ${index + 1} from the train`);
    for (const text of texts) {
      await page.getByLabel('Your message').fill(text);
      await page.keyboard.press('Enter');
    }
    await expect.poll(() => page.getByRole('list', { name: 'On their way' }).getByRole('listitem').count()).toBe(10);
    await page.close();
    expect(await demo.server.count('chat_messages')).toBe(0);
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(`${demo.server.url}/messages`);
    await expect.poll(() => demo.server.count('chat_messages'), { timeout: 20_000 }).toBe(10);
    const rows = await demo.server.sql<{ body: string }[]>`select body from chat_messages order by id`;
    expect(rows.map(({ body }) => body)).toEqual(texts);
  });

  it('from a client without keys are refused, doubled or known by their content, as the server is told', async () => {
    await using alice = await demo.open('Alice', { path: '/messages' });
    const { page } = alice;
    for (const [way, says, rows] of [
      ['send', 'Refused', 0],
      ['sendGenerated', 'Sent twice: two messages.', 2],
      ['sendDerived', 'Sent twice: one message.', 3],
      ['sendUnprotected', 'Sent twice: two messages.', 5],
    ] as const) {
      await page.getByLabel('What the server does').selectOption(way);
      await page.getByRole('button', { name: 'Send the same message twice' }).click();
      await page.getByText(says, { exact: false }).first().waitFor();
      await expect.poll(() => demo.server.count('chat_messages')).toBe(rows);
    }
  });
});

describe('operations', () => {
  it('find any key in three keystrokes, show its life, and are for administrators', async () => {
    await using alice = await demo.open('Alice', { path: '/messages' });
    await alice.page.getByLabel('Your message').fill('Hello');
    await alice.page.keyboard.press('Enter');
    await expect.poll(() => demo.server.count('chat_messages')).toBe(1);
    await alice.goto('/operations');
    await alice.page.getByText('This page is for administrators').waitFor();

    const [{ key = '' } = {}] = await demo.server.sql<{ key: string }[]>`select key from oncekey_records`;
    await using admin = await demo.open('Admin', { path: '/operations' });
    await admin.page.getByLabel('Search').fill(key.slice(-3));
    await admin.page.getByRole('button', { name: `The life of ${key}` }).click();
    const events = admin.page.getByRole('list', { name: 'Events' });
    await events.getByText('succeeded').waitFor();
    await demo.server.sql`update oncekey_records set expires_at = now() - interval '1 minute'`;
    await admin.page.getByRole('button', { name: 'Purge 1', exact: true }).click();
    await admin.page.getByText('1 records and 0 events deleted. Done.').waitFor();
    expect(admin.errors).toEqual([]);
  });
});
