/** Every process of the demo is killed at random while people click; when it is quiet again, every invariant holds. `CHAOS_SECONDS=60` for long. */
import { launchBrowser } from '@oncekey/browser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoProcess, startWholeDemo, victims } from './chaos-demo.ts';
import { openPage } from './fixture.ts';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? '12');
/** What is sent into a restart is sent again and again; in the end, people press again. */
const CALM_MS = 90_000;

let demo: Awaited<ReturnType<typeof startWholeDemo>>;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
beforeAll(async () => {
  [demo, browser] = await Promise.all([startWholeDemo(), launchBrowser()]);
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await demo?.[Symbol.asyncDispose]();
});

it(`${SECONDS} s of kills and clicks`, { timeout: SECONDS * 1_000 + 2 * CALM_MS }, async () => {
  const { sql, url } = demo;
  await using alice = await openPage(browser, url, 'Alice', { path: '/messages' });
  await using bob = await openPage(browser, url, 'Bob', { path: '/invoices' });
  await using carer = await openPage(browser, url, 'Alice', { path: '/tasks' });
  await using lab = await openPage(browser, url, 'Alice', { path: '/?clicks=3&gap=300&effect=elsewhere' });
  const until = Date.now() + SECONDS * 1_000;
  const written: string[] = [];
  const killed: Partial<Record<DemoProcess, number>> = {};

  const killing = (async () => {
    for (const victim of victims()) {
      await new Promise((resolve) => setTimeout(resolve, 700 + Math.random() * 1_300));
      if (Date.now() >= until) return;
      if (demo.kill(victim)) killed[victim] = (killed[victim] ?? 0) + 1;
    }
  })();
  const chatting = (async () => {
    for (let n = 0; Date.now() < until; n++) {
      const text = `Through the storm ${n}`;
      written.push(text);
      await alice.page.getByLabel('Your message').fill(text);
      await alice.page.keyboard.press('Enter');
      await alice.page.waitForTimeout(350);
    }
  })();
  const invoicing = (async () => {
    for (let order = 1_041; Date.now() < until && order < 1_060; order++) {
      await bob.page.getByRole('checkbox', { name: new RegExp(String(order)) }).check();
      await bob.page.getByRole('button', { name: 'Create invoice' }).dblclick();
      await bob.page.waitForTimeout(700);
      await bob.page.getByRole('checkbox', { name: new RegExp(String(order)) }).uncheck();
    }
  })();
  const welcoming = (async () => {
    for (let n = 0; Date.now() < until; n++) {
      await carer.page.getByLabel('Mail address').fill(`customer${n}@example.com`);
      await carer.page.getByRole('button', { name: 'Welcome' }).dblclick();
      await carer.page.waitForTimeout(900);
    }
  })();
  const pressing = (async () => {
    while (Date.now() < until) {
      await lab.page.getByRole('button', { name: /^Press both/ }).click();
      await lab.page.waitForTimeout(2_500);
    }
  })();
  await Promise.all([killing, chatting, invoicing, welcoming, pressing]);

  // Whatever is still on its way settles by itself; what is not known any more is sent again by a reload.
  await expect.poll(() => demo.isUp(), { timeout: 30_000 }).toBe(true);
  await Promise.all([alice, bob, carer].map(({ page }) => page.reload()));
  const isCalm = async () => {
    const [row] = await sql<{ messages: number; unpaid: number; open: number; running: number }[]>`
      select (select count(*) from chat_messages)::int as messages,
        (select count(*) from invoices where paid_at is null)::int as unpaid,
        (select count(*) from tasks where state <> 'succeeded')::int as open,
        (select count(*) from oncekey_records where state = 'running' and operation not like 'lab.%')::int as running`;
    return { ...row };
  };
  await expect.poll(isCalm, { timeout: CALM_MS }).toEqual({ messages: written.length, unpaid: 0, open: 0, running: 0 });
  expect(demo.isRunning()).toBe(true);
  console.log(`killed: ${JSON.stringify(killed)}`);
  expect(Object.keys(killed).length).toBe(4);

  const bodies = await sql<{ body: string }[]>`select body from chat_messages`;
  expect(bodies.map(({ body }) => body).sort()).toEqual(written.sort());

  expect((await sql`select run from lab_effects where lane = 'with' group by run having count(*) > 1`).length).toBe(0);

  const numbers = (await sql<{ number: string }[]>`select number from invoices order by number`).map(
    (row) => row.number,
  );
  expect(numbers).toEqual(numbers.map((_, index) => `INV-${String(index + 1).padStart(4, '0')}`));
  const entered = demo.journal<{ kind: string; reference: string }>('ledger');
  expect(entered.map(({ kind, reference }) => `${kind} ${reference}`).sort()).toEqual(
    numbers.flatMap((number) => [`invoice ${number}`, `payment ${number}`]).sort(),
  );

  const welcomed = (await sql<{ to: string }[]>`select input ->> 'to' as to from tasks`).map((row) => row.to);
  expect(welcomed.length).toBeGreaterThan(0);
  expect(new Set(welcomed).size).toBe(welcomed.length);
  const mails = demo.journal<{ to: string[] }>('mailbox').flatMap(({ to }) => to);
  expect(mails.sort()).toEqual(welcomed.sort());
});
