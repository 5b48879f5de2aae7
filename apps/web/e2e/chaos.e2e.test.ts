/** Every process is killed at random while people click; when it is quiet again, every invariant holds. `CHAOS_SECONDS=60` for long. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Demo, startDemo } from './fixture.ts';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? '10');

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
  demo.server.startWorker();
});
afterAll(() => demo?.[Symbol.asyncDispose]());

it(`${SECONDS} s of kills and clicks`, { timeout: SECONDS * 1_000 + 120_000 }, async () => {
  const { server } = demo;
  const sql = server.sql;
  await using alice = await demo.open('Alice', { path: '/messages' });
  await using bob = await demo.open('Bob', { path: '/invoices' });
  await using lab = await demo.open('Alice', { path: '/?clicks=3&gap=300&effect=elsewhere' });
  const until = Date.now() + SECONDS * 1_000;
  const written: string[] = [];

  const killing = (async () => {
    for (let kills = 0; Date.now() < until; kills++) {
      await new Promise((resolve) => setTimeout(resolve, 900 + Math.random() * 900));
      if (kills % 2 === 0) await server.kill('SIGKILL').catch(() => {});
      else server.killWorkers();
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
  const pressing = (async () => {
    while (Date.now() < until) {
      await lab.page.getByRole('button', { name: /^Press both/ }).click();
      await lab.page.waitForTimeout(2_500);
    }
  })();
  await Promise.all([killing, chatting, invoicing, pressing]);

  // Whatever is still on its way settles by itself; what is not known any more is sent again by a reload.
  await expect
    .poll(
      () =>
        fetch(`${server.url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
  await alice.page.reload();
  await bob.page.reload();
  await expect.poll(() => server.count('chat_messages'), { timeout: 60_000 }).toBe(written.length);
  const unpaid = async () => (await sql`select 1 from invoices where paid_at is null`).length;
  await expect.poll(unpaid, { timeout: 60_000 }).toBe(0);

  const bodies = await sql<{ body: string }[]>`select body from chat_messages`;
  expect(new Set(bodies.map(({ body }) => body))).toEqual(new Set(written));
  expect((await sql`select run from lab_effects where lane = 'with' group by run having count(*) > 1`).length).toBe(0);
  const numbers = await sql<{ number: string }[]>`select number from invoices order by number`;
  expect(numbers.map(({ number }) => number)).toEqual(
    numbers.map((_, index) => `INV-${String(index + 1).padStart(4, '0')}`),
  );
  const ledger: { kind: string; reference: string }[] = await (
    await fetch(`${server.outside}/accounting/entries`)
  ).json();
  const entered = ledger.map(({ kind, reference }) => `${kind} ${reference}`).sort();
  expect(entered).toEqual(numbers.flatMap(({ number }) => [`invoice ${number}`, `payment ${number}`]).sort());
  expect((await sql`select 1 from oncekey_records where state = 'running'`).length).toBe(0);
});
