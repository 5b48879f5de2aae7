/** `SCREENSHOTS=1 pnpm exec vitest run --project demo-web screenshots` takes docs/screenshots anew: every page in each state. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo, type Visitor } from './fixture.ts';

const folder = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url));
const WIDE = { colorScheme: 'light', viewport: { width: 1_440, height: 900 } } as const;
const WIDE_DARK = { ...WIDE, colorScheme: 'dark' } as const;
const NARROW = { colorScheme: 'light', viewport: { width: 360, height: 740 } } as const;
const PAGES = ['conversations', 'invoices', 'imports', 'tasks', 'messages', 'operations'];

describe.skipIf(!process.env['SCREENSHOTS'])('screenshots', { timeout: 300_000 }, () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo();
    demo.server.startWorker();
  });
  afterAll(() => demo?.[Symbol.asyncDispose]());

  const take = async ({ page }: Visitor, name: string) => {
    await page.evaluate(() => scrollTo(0, 0)); // what is sticky stands where it belongs
    await page.screenshot({ path: `${folder}${name}.jpg`, type: 'jpeg', quality: 78, fullPage: true });
  };

  it('of the lab', async () => {
    await using visitor = await demo.open('Alice', { path: '/', context: WIDE });
    const { page, goto } = visitor;
    await take(visitor, 'lab-before');
    for (const preset of [
      'double-click',
      'lost-answer',
      'crash-after-commit',
      'train-ride',
      'storm',
      'takeover',
      'frozen',
      'limit',
    ]) {
      await goto(`/?preset=${preset}`);
      await page.getByRole('button', { name: /^Press both/ }).click();
      await page.waitForTimeout(300);
      if (preset === 'crash-after-commit') await take(visitor, 'lab-server-away');
      await expect
        .poll(() => page.getByRole('button', { name: 'Replay', exact: true }).isEnabled(), { timeout: 60_000 })
        .toBe(true);
      await page.getByRole('region', { name: 'Attempts with oncekey' }).getByRole('button').last().focus();
      await take(visitor, `lab-${preset}`);
    }
  });

  it('of the pages when they are empty', async () => {
    await using admin = await demo.open('Admin', { context: WIDE });
    await demo.clear();
    for (const path of PAGES) {
      await admin.goto(`/${path}`);
      await admin.page.waitForTimeout(600);
      await take(admin, `${path}-empty`);
    }
    await admin.page.getByRole('button', { name: 'Sign out' }).click();
    await admin.page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    await take(admin, 'sign-in');
  });

  it('of the pages when they are full, in every state', async () => {
    await using admin = await demo.open('Admin', { context: WIDE });
    const { page, goto } = admin;
    await admin.write();
    await page.getByLabel('Lose the next answer').check();
    await admin.send.dblclick();
    await admin.says('Already sent');
    await take(admin, 'conversations-replayed');
    await page.getByLabel('Your message').fill('Is there parking?');
    await page.route('**/api/trpc/conversations.start*', (route) => route.abort('connectionreset'));
    await admin.send.click();
    await admin.page.getByText('No answer came. It may have happened.').waitFor({ timeout: 20_000 });
    await take(admin, 'conversations-unknown');
    await page.unroute('**/api/trpc/conversations.start*');

    await goto('/invoices');
    for (const order of [1041, 1043]) {
      await page.getByRole('checkbox', { name: new RegExp(String(order)) }).check();
      await page.getByRole('button', { name: 'Create invoice' }).click();
      await page.getByText('was created.').first().waitFor();
      await page.getByRole('checkbox', { name: new RegExp(String(order)) }).uncheck();
    }
    await page.getByText('✓ paid').nth(1).waitFor({ timeout: 20_000 });
    await page.getByRole('checkbox', { name: /1041/ }).check();
    await page.getByRole('button', { name: 'Create invoice' }).click();
    await page.getByText('is already on invoice').first().waitFor();
    await take(admin, 'invoices-conflict');
    await page.getByRole('button', { name: 'Audit trail of INV-0001' }).click();
    await page.getByRole('list', { name: 'Ledger' }).waitFor();
    await take(admin, 'invoices-audit-trail');

    await goto('/imports');
    await page.getByRole('button', { name: /sample/ }).click();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('rows/s').waitFor({ timeout: 20_000 });
    await take(admin, 'imports-running');
    await page.getByText('✓ imported').waitFor({ timeout: 40_000 });

    await goto('/tasks');
    await page.getByLabel('At the worst moment').check();
    await page.getByRole('button', { name: 'Welcome' }).click();
    await page.getByRole('button', { name: 'Charge' }).click();
    await page.getByText('✓ done').nth(1).waitFor({ timeout: 30_000 });
    await page.getByRole('list', { name: 'Mailbox' }).waitFor();
    await take(admin, 'tasks-full');

    await goto('/messages');
    for (const text of ['Hello, are you open on Friday?', 'We would come with four.']) {
      await page.getByLabel('Your message').fill(text);
      await page.keyboard.press('Enter');
      await page.waitForTimeout(300);
    }
    await page.context().setOffline(true);
    await page.getByLabel('Your message').fill('This one is written on the train.');
    await page.keyboard.press('Enter');
    await page.getByText('Goes out when you are back online.').waitFor();
    await take(admin, 'messages-offline');
    await page.context().setOffline(false);

    await goto('/operations');
    await page
      .getByRole('button', { name: /^The life of/ })
      .first()
      .click();
    await page.waitForTimeout(1_500);
    await take(admin, 'operations-full');
  });

  it.each([
    ['dark', WIDE_DARK],
    ['narrow', NARROW],
  ] as const)('of the pages: %s', async (look, context) => {
    await using admin = await demo.open('Admin', { context });
    for (const path of ['', ...PAGES]) {
      await admin.goto(path === '' ? '/?preset=lost-answer' : `/${path}`);
      if (path === '') {
        await admin.page.getByRole('button', { name: /^Press both/ }).click();
        await admin.page.waitForTimeout(2_500);
      }
      await admin.page.waitForTimeout(700);
      await take(admin, `${path || 'lab'}-${look}`);
    }
  });

  it('of a server that is away', async () => {
    await using visitor = await demo.open('Alice', { context: WIDE });
    await visitor.page.route('**/api/trpc/**', (route) => route.abort('connectionrefused'));
    await visitor.page.reload();
    await visitor.page.getByText('The server does not answer.').waitFor({ timeout: 30_000 });
    await take(visitor, 'server-away');
  });
});
