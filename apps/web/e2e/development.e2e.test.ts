/** The page as its developers see it: React in development, where StrictMode runs every effect twice, and the devtools. */
import { fileURLToPath } from 'node:url';
import type { Route } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Demo, ONE, startDemo } from './fixture.ts';

let demo: Demo;
let vite: ViteDevServer;
let url: string;
beforeAll(async () => {
  demo = await startDemo();
  vite = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    logLevel: 'error',
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      proxy: { '/api': { target: demo.server.url, changeOrigin: false } },
    },
  });
  await vite.listen();
  url = vite.resolvedUrls?.local[0] ?? '';
});
afterAll(async () => {
  await vite?.close();
  await demo?.[Symbol.asyncDispose]();
});
beforeEach(() => demo.clear());

it('StrictMode and a double click make one conversation', async () => {
  await using alice = await demo.open('Alice', { url });
  await alice.write();
  // In one go: on a slow machine the mouse's second click may come when the first has long been answered.
  await alice.send.evaluate((button: HTMLElement) => [button.click(), button.click()]);
  await alice.says('Sent.');
  expect(await demo.rows()).toEqual(ONE);
  expect(await alice.attempts()).toHaveLength(1);
  expect(alice.errors).toEqual([]);
  // Nothing of it is on its way any more when the next test empties the tables.
  await alice.page.waitForLoadState('networkidle');
  expect(await demo.rows()).toEqual(ONE);
});

it('the devtools show an intent whose answer was lost, and how it was answered', async () => {
  await using alice = await demo.open('Alice', { url, path: '/conversations?devtools' });
  const loseAnswer = async (route: Route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };
  await alice.page.route('**/api/trpc/conversations.start*', loseAnswer, { times: 1 });
  await alice.write();
  await alice.send.click();
  await alice.says('Already sent');
  await alice.page.keyboard.press('Escape');
  await alice.page.getByRole('button', { name: /Open TanStack Devtools/i }).click();
  const row = alice.page.getByRole('button', { name: /conversations\.start/ });
  await row.click();
  const attempts = alice.page.getByRole('list', { name: 'Attempts' }).getByRole('listitem');
  expect(await attempts.allInnerTexts()).toEqual([
    expect.stringMatching(/no answer, after/),
    expect.stringMatching(/replayed, after/),
  ]);
  await alice.page.getByRole('button', { name: 'Check', exact: true }).click();
  await alice.page.getByText('The server says: succeeded.').waitFor();
  const records = await demo.server.sql`select key, created_at from oncekey_records`;
  expect(await demo.rows(), JSON.stringify(records)).toEqual(ONE);
});
