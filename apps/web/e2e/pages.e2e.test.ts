/** What holds on every page: no serious accessibility problem, narrow and wide, light and dark, empty and full. */
import AxeBuilder from '@axe-core/playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Demo, startDemo } from './fixture.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo?.[Symbol.asyncDispose]());

const PAGES = ['/', '/conversations', '/invoices', '/imports', '/tasks', '/messages', '/operations'];
const LOOKS = [
  { isFull: false, colorScheme: 'light', viewport: { width: 1_440, height: 900 } },
  { isFull: true, colorScheme: 'dark', viewport: { width: 360, height: 740 } },
  { isFull: true, colorScheme: 'light', viewport: { width: 1_440, height: 900 } },
] as const;

it.each(LOOKS)(
  'axe finds nothing serious, nothing scrolls sideways: $colorScheme, $viewport.width px, full: $isFull',
  async ({ isFull, ...context }) => {
    await using admin = await demo.open('Admin', { context });
    const { page, goto } = admin;
    if (isFull) await fill(page);
    for (const path of PAGES) {
      await goto(path);
      await page.waitForTimeout(200);
      if (isFull && path === '/operations')
        await page
          .getByRole('button', { name: /^The life of/ })
          .first()
          .click();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      const [shown, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
      expect(wide, `${path} is wider than its window`).toBeLessThanOrEqual(shown ?? 0);
    }
    expect(admin.errors).toEqual([]);
  },
);

it('every control of every page can be reached with Tab, and shows that it has the focus', async () => {
  await using admin = await demo.open('Admin', { context: { viewport: { width: 1_440, height: 900 } } });
  const { page, goto } = admin;
  await fill(page);
  for (const path of PAGES) {
    await goto(path);
    await page.waitForTimeout(300);
    const controls = await page.evaluate(() => {
      const all = document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary');
      const usable = [...all].filter(
        (each) => each.checkVisibility() && !each.matches(':disabled, [tabindex="-1"], [type=radio]:not(:checked)'),
      );
      return usable.length;
    });
    const reached = new Set<string>();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    // Once round, and no further than a page that loses the focus would need to show it.
    for (let presses = 0; presses < controls * 2 && reached.size < controls; presses++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement | null;
        if (!element || element === document.body) return null;
        element.dataset['seen'] ??= crypto.randomUUID();
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const isShown = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
        return { id: element.dataset['seen'], isShown, html: element.outerHTML.slice(0, 200) };
      });
      if (!focused) continue;
      expect(focused.isShown, `${path} hides the focus of ${focused.html}`).toBe(true);
      reached.add(focused.id);
    }
    expect(reached.size, path).toBeGreaterThanOrEqual(controls);
  }
});

it('a message is sent and an invoice made without a mouse', async () => {
  await using alice = await demo.open('Alice', { path: '/' });
  const { page } = alice;
  const tabTo = async (isThere: () => Promise<boolean>) => {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      if (await isThere()) return;
    }
    throw new Error('Tab did not get there');
  };
  const isFocused = (target: import('playwright').Locator) => () =>
    target.first().evaluate((element) => element === document.activeElement);
  await tabTo(isFocused(page.getByRole('link', { name: 'Messages' })));
  await page.keyboard.press('Enter');
  await tabTo(isFocused(page.getByLabel('Your message')));
  await page.keyboard.type('Without a mouse');
  await page.keyboard.press('Enter');
  await page.getByText('Without a mouse').first().waitFor();
  await tabTo(isFocused(page.getByRole('link', { name: 'Invoices' })));
  await page.keyboard.press('Enter');
  await tabTo(isFocused(page.getByLabel(/1049/)));
  await page.keyboard.press('Space');
  await tabTo(isFocused(page.getByRole('button', { name: 'Create invoice' })));
  await page.keyboard.press('Enter');
  await page.getByText('was created.').first().waitFor();
});

/** Something on every page. */
async function fill(page: import('playwright').Page) {
  await page.goto(`${demo.server.url}/messages`);
  await page.getByLabel('Your message').fill('Hello');
  await page.keyboard.press('Enter');
  await page.goto(`${demo.server.url}/invoices`);
  await page
    .getByLabel(/10(41|43|45|46)/)
    .first()
    .check();
  await page.getByRole('button', { name: 'Create invoice' }).click();
  await page.getByText('INV-').first().waitFor();
  await page.goto(`${demo.server.url}/tasks`);
  await page.getByRole('button', { name: 'Charge' }).click();
  await page.getByRole('list', { name: 'Tasks' }).waitFor();
  await page.goto(`${demo.server.url}/?preset=lost-answer`);
  await page.getByRole('button', { name: /^Press both/ }).click();
  await page.getByRole('region', { name: 'Attempts with oncekey' }).waitFor();
}

it('the lab loads little: under 200 kB over the wire', async () => {
  await using visitor = await demo.open('Alice');
  await using context = await visitor.page.context().browser()?.newContext(); // with nothing cached
  const page = await context?.newPage();
  const loading: Promise<number>[] = [];
  page?.on('response', (response) => {
    loading.push(
      response
        .finished()
        .then(() => response.request().sizes())
        .then(({ responseBodySize }) => responseBodySize),
    );
  });
  await page?.goto(demo.server.url);
  await page?.getByRole('button', { name: /^Press both/ }).waitFor();
  const bytes = (await Promise.all(loading)).reduce((sum, each) => sum + each, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(200_000);
});

it('nothing moves while live data arrives', async () => {
  await using visitor = await demo.open('Alice', { path: '/' });
  const { page, goto } = visitor;
  for (const path of ['/', '/conversations', '/tasks']) {
    await goto(path);
    await page.waitForTimeout(1_500);
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) sum += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => resolve(sum), 200);
        }),
    );
    expect(shift, path).toBeLessThan(0.05);
  }
});

it('someone who comes by sees the lab at once; whoever signs out is asked who they are', async () => {
  await using visitor = await demo.open('Bob');
  const { page } = visitor;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await page.context().clearCookies();
  const other = await page.context().newPage();
  await other.goto(demo.server.url);
  await other.getByRole('button', { name: /^Press both/ }).waitFor();
});
