import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../src/index.ts';

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><span id="text">It happens once.</span><script>document.title = 1 + 1</script>');
});
let url: string;
let browser: Browser;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  // Both unpack when the cache is empty: neither may see what the other has half done.
  const [first, second] = await Promise.all([launchBrowser(), launchBrowser()]);
  await second.close();
  browser = first;
});

afterAll(async () => {
  await browser?.close();
  server.close();
});

test('a page runs its script and its text has a size', async () => {
  const page = await browser.newPage();
  await page.goto(url);
  expect(await page.title()).toBe('2');
  const box = await page.locator('#text').boundingBox();
  expect(box?.width).toBeGreaterThan(20);
  const written = await page.locator('#text').screenshot();
  expect(written.byteLength).toBeGreaterThan(500);
});
