import { launchBrowser } from '@oncekey/browser';
import type { Browser, Page } from 'playwright';
import { startDemoServer } from '../../server/test/fixture.ts';

export type Person = 'Alice' | 'Bob';

/** A real server process, PostgreSQL and browser. Needs the built pages: `pnpm test` at the root builds them first. */
export async function startDemo() {
  const [server, browser] = await Promise.all([startDemoServer(), launchBrowser()]);
  const { sql } = server;
  return {
    server,
    /** A person's own browser profile, signed in through the page. */
    open: (person: Person = 'Alice', url = server.url) => openPage(browser, url, person),
    async clear() {
      await sql`truncate conversations, messages, oncekey_records`;
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
export const ONE = { conversations: 1, messages: 1, records: 1 };

async function openPage(browser: Browser, url: string, person: Person) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1_280, height: 900 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
  await page.getByRole('heading', { name: 'Conversations', exact: true }).waitFor();
  return {
    page,
    errors,
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
