/** Every preset of the lab, played as a visitor plays it: the same trouble in both lanes, and the rows counted by SQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, startDemo, type Visitor } from './fixture.ts';

let demo: Demo;
let visitor: Visitor;
beforeAll(async () => {
  demo = await startDemo();
  visitor = await demo.open('Alice', { path: '/' });
});
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]();
  await demo?.[Symbol.asyncDispose]();
});
beforeEach(() => demo.clear());

const replay = () => visitor.page.getByRole('button', { name: 'Replay' });
const shown = async (lane: 'Without oncekey' | 'With oncekey') =>
  Number.parseInt(
    await visitor.page.getByRole('region', { name: lane, exact: true }).locator('p').first().innerText(),
    10,
  );

/** Presses, waits until the run is over, and counts: what the page shows must be what PostgreSQL holds. */
async function play(search: string) {
  const { page, goto } = visitor;
  await goto(`/${search}`);
  await page.getByRole('button', { name: /^Press both/ }).click();
  await expect.poll(() => replay().isDisabled(), { timeout: 20_000 }).toBe(true); // a second server may have to start
  await expect.poll(() => replay().isEnabled(), { timeout: 40_000, interval: 100 }).toBe(true);
  const counted = await demo.server.sql<{ lane: string; rows: number }[]>`
    select lane, count(*)::int as rows from lab_effects group by lane`;
  const rows = { without: 0, with: 0, ...Object.fromEntries(counted.map((each) => [each.lane, each.rows])) };
  expect({ without: await shown('Without oncekey'), with: await shown('With oncekey') }).toEqual(rows);
  await demo.clear();
  return rows;
}

describe('the same trouble in both lanes', () => {
  it.each([
    ['double-click', 2, 1],
    ['lost-answer', 2, 1],
    ['lost-request', 1, 1],
    ['crash-after-commit', 2, 1],
    ['train-ride', 4, 1],
    ['storm', 200, 1],
    ['takeover', 2, 1],
    ['frozen', 2, 1],
    ['limit', 1, 2],
  ])('%s: %i rows without, %i with', async (preset, without, protectedRows) => {
    expect(await play(`?preset=${preset}`)).toEqual({ without, with: protectedRows });
    expect(visitor.errors).toEqual([]);
  });

  it('a server that comes back after another took over is refused, and says so', async () => {
    await visitor.page.goto(new URL('/?preset=frozen', demo.server.url).href);
    await visitor.page.getByRole('button', { name: /^Press both/ }).click();
    await visitor.page.getByText('its completion was refused').waitFor({ timeout: 30_000 });
    const marks = visitor.page.getByRole('region', { name: 'Attempts with oncekey' });
    expect(await marks.innerText()).toMatch(/taken over.*late end refused/s);
  });

  it.each(['before', 'inside'])('a server that is killed %s the commit leaves nothing to double', async (point) => {
    expect(await play(`?clicks=1&kill=${point}`)).toEqual({ without: 1, with: 1 });
  });

  it('what can be asked happens once, though the crash is the same as at the limit', async () => {
    expect((await play('?preset=limit&effect=elsewhere')).with).toBe(1);
  });
});

describe('a run', () => {
  it('is a link: the same address presses the same, with the same faults', async () => {
    const { page } = visitor;
    const faults = async () => {
      await play('?clicks=4&gap=100&delay=800&lose=answer&seed=11');
      await page.getByText('The same as text').click();
      const lines = await page.getByRole('list', { name: 'Attempts' }).getByRole('listitem').allInnerTexts();
      return lines.map((line) => line.replace(/, after \d+ ms|key …\w+/g, '')).sort();
    };
    expect(await faults()).toEqual(await faults());
    expect(page.url()).toContain('seed=11');
  });

  it('can be replayed and stepped through, and each bar says what was decided', async () => {
    const { page } = visitor;
    await play('?preset=lost-answer');
    await page.getByRole('button', { name: 'Step' }).click();
    const bars = page.getByRole('region', { name: 'Attempts with oncekey' }).getByRole('button');
    expect(await bars.count()).toBe(1);
    await replay().click();
    await expect.poll(() => bars.count()).toBe(2);
    await bars.nth(1).focus();
    await page
      .getByText('the first answer again, from the record; the handler did not run', { exact: false })
      .first()
      .waitFor();
  });

  it('shows the lines that ran', async () => {
    await visitor.goto('/');
    const code = visitor.page.getByRole('region', { name: 'The code that ran' });
    expect(await code.innerText()).toContain('.concat(idempotency.transactional())');
  });
});

it('K kills the server, which comes back, and Enter presses', async () => {
  const { page, goto } = visitor;
  await goto('/?preset=lost-request');
  await page.keyboard.press('k');
  await page.getByText('The server is killed, and starts again.').waitFor();
  await expect
    .poll(
      () =>
        fetch(`${demo.server.url}/healthz`).then(
          (r) => r.ok,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  await page.getByRole('button', { name: /^Press both/ }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => shown('With oncekey'), { timeout: 20_000 }).toBe(1);
});
