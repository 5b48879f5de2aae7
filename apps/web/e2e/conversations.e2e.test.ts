import type { Route } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, delay, ONE, startDemo } from './fixture.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo[Symbol.asyncDispose]());
beforeEach(() => demo.clear());

const EXECUTED = /^●?\s*Executed/;
const REPLAYED = /Answered from the record: the handler did not run/;
const LOST = /No answer: the connection was lost/;

const START = '**/api/trpc/conversations.start*';
const DRAFT = 'Hello, we open a bakery in spring.';

/** Sends, and stands where it has happened and its answer has not come. */
async function sendAndLeave({ page, write, send }: Awaited<ReturnType<Demo['open']>>) {
  const happened = new Promise<void>((resolve) => {
    const swallow = async (route: Route) => {
      await route.fetch();
      resolve();
    };
    void page.route(START, swallow, { times: 1 });
  });
  await write();
  await send.click();
  await happened;
}

describe('one conversation', () => {
  it('after a double click: one request goes out', async () => {
    await using alice = await demo.open();
    await alice.write();
    await alice.send.dblclick();
    await alice.says('Sent.');
    await alice.says('Pressed 2 times');
    expect(await demo.rows()).toEqual(ONE);
    const attempts = await alice.attempts();
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatch(EXECUTED);
    await alice.page.getByRole('region', { name: 'Your conversations' }).getByText('bakery in spring').waitFor();
    expect(alice.errors).toEqual([]);
  });

  it.each([0, 20, 200, 900])('after a second click %i ms after the first', async (ms) => {
    await using alice = await demo.open();
    await alice.write();
    await alice.send.click();
    await alice.page.waitForTimeout(ms);
    await alice.send.click();
    await alice.says('Pressed 2 times');
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
    expect(await alice.attempts()).toHaveLength(1);
  });

  it('after Enter and a click', async () => {
    await using alice = await demo.open();
    await delay(alice.page, 0.5);
    await alice.write();
    await alice.page.keyboard.press('Control+Enter');
    await alice.send.click();
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
  });

  it('when it is sent offline, pressed again, and the network comes back', async () => {
    await using alice = await demo.open();
    await alice.write('Hello, the first time.');
    await alice.page.context().setOffline(true);
    await alice.send.click();
    await alice.says('You are offline.');
    await alice.send.click();
    await alice.page.context().setOffline(false);
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
  });

  it('when a slow answer is overtaken by a retry', async () => {
    await using alice = await demo.open();
    await alice.write();
    let slow: Promise<unknown> | undefined;
    await alice.page.route(
      START,
      async (route) => {
        slow = route.fetch({ headers: { ...route.request().headers(), 'x-demo-trouble': 'delay=1500' } });
        await route.abort('timedout');
      },
      { times: 1 },
    );
    await alice.send.click();
    await alice.says('Sent.'); // the retry got there first, and was executed
    await slow; // the first arrives now, and is answered from the record
    expect(await demo.rows()).toEqual(ONE);
  });

  it('when the person goes back and forward again', async () => {
    await using alice = await demo.open();
    await sendAndLeave(alice);
    await alice.page.goto(`${demo.server.url}/healthz`);
    await alice.page.goBack();
    await alice.page.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await alice.says('Already sent: this is the first answer again.');
    await alice.page.goForward();
    await alice.page.goBack();
    await alice.page.getByRole('region', { name: 'Your conversations' }).getByText('bakery in spring').waitFor();
    expect(await demo.rows()).toEqual(ONE);
  });

  it('after a second click while the first is on its way', async () => {
    await using alice = await demo.open();
    await delay(alice.page, 1);
    await alice.write();
    await alice.send.click();
    await alice.says('Sending…');
    await alice.send.click();
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
    expect(await alice.attempts()).toHaveLength(1);
  });

  it('when the answer is lost and TanStack sends again: answered from the record', async () => {
    await using alice = await demo.open();
    await alice.page.getByLabel('Lose the next answer').check();
    await alice.write();
    await alice.send.dblclick();
    await alice.says('No answer yet, trying again…');
    await alice.says('Already sent: this is the first answer again.');
    await alice.says('It was answered from the record');
    expect(await demo.rows()).toEqual(ONE);
    const [second, first, ...more] = await alice.attempts();
    expect(first).toMatch(LOST);
    expect(second).toMatch(REPLAYED);
    expect(second).toContain('attempt 2');
    expect(more).toEqual([]);
  });

  it('when the request is delivered twice at once: answered from the record', async () => {
    await using alice = await demo.open();
    await alice.page.getByLabel('Deliver twice').check();
    await alice.write();
    await alice.send.click();
    await alice.says('Already sent: this is the first answer again.');
    expect(await demo.rows()).toEqual(ONE);
    expect((await alice.attempts())[0]).toMatch(/Answered from the record|Waited for the first/);
  });

  it('when the page is reloaded right after the click', async () => {
    await using alice = await demo.open();
    await delay(alice.page, 1);
    await alice.write();
    const sent = alice.page.waitForRequest(/conversations\.start/);
    await alice.send.click();
    await alice.says('Sending…');
    await sent;
    // What the page says comes before what the browser sends: a reload in between would send nothing.
    await alice.page.waitForTimeout(250);
    await alice.page.reload();
    await alice.page.getByRole('region', { name: 'Your conversations' }).getByText('bakery in spring').waitFor();
    expect(await demo.rows()).toEqual(ONE);
    expect(alice.errors).toEqual([]);
  });

  it('when the page is reloaded while the answer is on its way: opened again, it says what became of it', async () => {
    await using alice = await demo.open();
    await sendAndLeave(alice);
    await alice.page.reload();
    await alice.page.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await alice.says('Already sent: this is the first answer again.');
    expect(await demo.rows()).toEqual(ONE);
    expect(alice.errors).toEqual([]);
  });

  it('when the tab is closed while the answer is on its way, and another opened', async () => {
    await using alice = await demo.open();
    await sendAndLeave(alice);
    const next = await alice.page.context().newPage();
    await alice.page.close();
    await next.goto(`${demo.server.url}/conversations`);
    await next.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await next.getByText('Already sent: this is the first answer again.').waitFor();
    expect(await demo.rows()).toEqual(ONE);
  });

  it('when two tabs send the same draft', async () => {
    await using alice = await demo.open();
    await delay(alice.page, 1);
    const second = await alice.page.context().newPage();
    await second.goto(`${demo.server.url}/conversations`);
    await second.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await second.getByLabel('Your message').fill(DRAFT);
    await alice.write(DRAFT);
    const sent = alice.page.waitForRequest(/conversations\.start/);
    await alice.send.click();
    await sent;
    await second.getByRole('button', { name: 'Send', exact: true }).click();
    // Whichever of the two arrives first is the one that is executed.
    for (const page of [alice.page, second]) {
      await page.getByText(/^(Sent\.|Already sent: this is the first answer again\.)$/).waitFor();
    }
    expect(await demo.rows()).toEqual(ONE);
  });

  it('from the keyboard: Ctrl+Enter twice, then Escape gives the focus back', async () => {
    await using alice = await demo.open();
    await alice.write();
    await alice.page.keyboard.press('Control+Enter');
    await alice.page.keyboard.press('Control+Enter');
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
    await alice.page.keyboard.press('Escape');
    const opener = alice.page.getByRole('button', { name: 'Send message to Studio Mira' });
    expect(await opener.evaluate((button) => button === document.activeElement)).toBe(true);
  });
});

describe('a server that is away', () => {
  it('leaves the outcome unknown and says so; sending again is safe', async () => {
    await using alice = await demo.open();
    await alice.write();
    await alice.page.route(START, (route) => route.abort('connectionreset'));
    await alice.send.click();
    await alice.page.getByText('No answer came. It may have happened.').waitFor({ timeout: 20_000 });
    expect(await alice.attempts()).toHaveLength(4); // the first and three retries, all under one key
    await alice.page.unroute(START);
    await alice.page.getByRole('button', { name: 'Send again (safe)' }).click();
    await alice.says('Sent.');
    const attempts = await alice.attempts();
    expect(attempts[0]).toContain('attempt 5');
    expect(attempts[0]).toMatch(EXECUTED);
    expect(await demo.rows()).toEqual(ONE);
  });

  it('lets the person call it off: then it never happens', async () => {
    await using alice = await demo.open();
    await alice.write();
    await alice.page.route(START, (route) => route.abort('connectionreset'));
    await alice.send.click();
    await alice.page.getByText('No answer came. It may have happened.').waitFor({ timeout: 20_000 });
    await alice.page.unroute(START);
    await alice.page.getByRole('button', { name: 'Cancel for good' }).click();
    await alice.page.getByText('No answer came. It may have happened.').waitFor({ state: 'detached' });
    expect(await demo.rows()).toEqual({ conversations: 0, messages: 0, records: 1 }); // the tombstone
    await alice.send.click();
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual({ conversations: 1, messages: 1, records: 2 });
  });

  it('hands over what had gone through, when the person edits and sends again', async () => {
    await using alice = await demo.open();
    await alice.write('Hello, the first time.');
    await alice.page.route(START, async (route) => {
      await route.fetch(); // it arrives and is answered, and the answer does not
      await route.abort('connectionreset');
    });
    await alice.send.click();
    await alice.page.getByText('No answer came. It may have happened.').waitFor({ timeout: 20_000 });
    await alice.page.unroute(START);
    await alice.page.getByLabel('Your message').fill('Hello, the second time.');
    await alice.send.click();
    await alice.says('Your first message had gone through after all.');
    expect(await demo.rows()).toEqual(ONE);
    expect(alice.errors).toEqual([]);
  });
});

describe('what is meant twice', () => {
  it('is two messages, and by the domain’s own rule one conversation, answered 200', async () => {
    await using alice = await demo.open();
    await alice.write('First');
    await alice.send.click();
    await alice.says('Sent.');
    await alice.page.getByLabel('Your message').fill('Second');
    await alice.send.click();
    await alice.says('Added to your conversation: there is one with this agency.');
    await expect.poll(() => demo.rows()).toMatchObject({ conversations: 1, messages: 2 });
    await alice.page.waitForTimeout(1_100); // longer than a double click can take
    await alice.send.click();
    await expect.poll(() => demo.rows()).toEqual({ conversations: 1, messages: 3, records: 3 });
  });
});

describe('the look before it', () => {
  it('times out, the form is open all the same, and there is one conversation', async () => {
    await using alice = await demo.open();
    await delay(alice.page, 3);
    await alice.write();
    await alice.page.getByText('timed out').waitFor();
    await delay(alice.page, 0);
    await alice.send.dblclick();
    await alice.says('Sent.');
    expect(await demo.rows()).toEqual(ONE);
  });

  it('finds the conversation that is there', async () => {
    await using alice = await demo.open();
    await alice.write();
    await alice.send.click();
    await alice.says('Sent.');
    await alice.page.keyboard.press('Escape');
    await alice.page.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await alice.page.getByText('You have written to Studio Mira before').waitFor();
  });
});

describe('two people', () => {
  it('each see their own, and nothing of the other', async () => {
    await using alice = await demo.open('Alice');
    await using bob = await demo.open('Bob');
    await alice.write('From Alice');
    await bob.write('From Bob');
    await Promise.all([alice.send.dblclick(), bob.send.dblclick()]);
    await Promise.all([alice.says('Sent.'), bob.says('Sent.')]);
    expect(await demo.rows()).toEqual({ conversations: 2, messages: 2, records: 2 });
    await alice.page.getByRole('region', { name: 'Your conversations' }).getByText('From Alice').waitFor();
    expect(await alice.page.getByText('From Bob').count()).toBe(0);
    expect(await bob.page.getByText('From Alice').count()).toBe(0);
  });
});

describe('a message that is refused', () => {
  it('says why in plain words, and the next try is a new intent', async () => {
    await using alice = await demo.open();
    await alice.page.getByRole('button', { name: 'Send message to Studio Mira' }).click();
    await alice.send.click();
    await alice.says('It was not sent.');
    await alice.says('Write a message first.');
    expect(await demo.rows()).toEqual({ conversations: 0, messages: 0, records: 0 });
  });
});
