import { launchBrowser } from '@oncekey/browser';
import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { startDemoServer } from '../../server/test/fixture.ts';

export type Person = 'Alice' | 'Bob' | 'Admin';

export interface OpenOptions {
  readonly path?: string;
  /** Default: the built pages from the demo's own server. */
  readonly url?: string;
  readonly context?: BrowserContextOptions;
}

/** What a test leaves behind. Agencies, orders and sessions stay. */
const TABLES = `conversations, messages, chat_messages, lab_effects, invoiced_orders, invoices, invoice_numbers, contacts,
  import_jobs, uploads, tasks, planned_crashes, customers, sync_cursors, oncekey_records, oncekey_steps, oncekey_events`;

/** A real server process that is started again when it is killed, PostgreSQL and a browser. Needs the built pages: `pnpm test` builds them first. */
export async function startDemo() {
  const [server, browser] = await Promise.all([startDemoServer({ isSupervised: true }), launchBrowser()]);
  const { sql } = server;
  return {
    server,
    open: (person: Person = 'Alice', options: OpenOptions = {}) => openPage(browser, server.url, person, options),
    async clear() {
      await sql.unsafe(`truncate ${TABLES}`);
    },
    /** What PostgreSQL holds. */
    async rows() {
      const [row] = await sql<{ conversations: number; messages: number; records: number }[]>`
        select (select count(*) from conversations)::int as conversations,
          (select count(*) from messages)::int as messages, (select count(*) from oncekey_records)::int as records`;
      return { ...row };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export type Demo = Awaited<ReturnType<typeof startDemo>>;
export type Visitor = Awaited<ReturnType<Demo['open']>>;
export const ONE = { conversations: 1, messages: 1, records: 1 };

/** A person's own browser profile, signed in through the page. */
export async function openPage(browser: Browser, ownUrl: string, person: Person, options: OpenOptions) {
  const { path = '/conversations', url = ownUrl } = options;
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1_280, height: 900 },
    ...options.context,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // What the network does is the test's doing; anything else is the page's.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      errors.push(message.text());
  });
  await page.goto(new URL('/sign-in', url).href);
  await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  const goto = async (to: string) => {
    await page.goto(new URL(to, url).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  await goto(path);
  return {
    page,
    errors,
    goto,
    /** Opens the composer and writes. */
    async write(message = 'Hello, we open a bakery in spring.') {
      await page.getByRole('button', { name: 'Send message to Studio Mira' }).click();
      await page.getByLabel('Your message').fill(message);
    },
    send: page.getByRole('button', { name: 'Send', exact: true }),
    /** The lines of the attempt log, newest first. */
    attempts: () => page.getByRole('region', { name: 'What was sent' }).getByRole('listitem').allInnerTexts(),
    says: (text: string) => page.getByRole('form').getByText(text).waitFor(),
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}

export async function delay(page: Page, seconds: number): Promise<void> {
  await page.getByLabel('Delay').fill(String(seconds * 1_000));
}
