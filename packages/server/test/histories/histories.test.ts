import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { connect, type Db, freshDatabase } from '../fixture.ts';
import { type Epoch, judge, judgeEffects, newEpoch } from './check.ts';
import { createProcess, type Operation, type Result } from './operations.ts';

/** More with HISTORIES=1000. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 60);
const LEAST_OPERATIONS = 10_000;

/** Operations at once, or the end of all records of a key. */
type Round =
  | { readonly operations: readonly (Omit<Operation, 'person'> & { readonly by: number })[] }
  | { readonly expires: string };

const KEYS = ['t-1', 't-2', 'l-1', 'l-2'] as const;
const kindOf = (key: string) => (key.startsWith('t') ? ('transact' as const) : ('lease' as const));

const operation = fc
  .record({
    by: fc.nat(2),
    key: fc.constantFrom(...KEYS),
    what: fc.oneof(
      { weight: 8, arbitrary: fc.constant('request' as const) },
      { weight: 1, arbitrary: fc.constant('abandon' as const) },
      { weight: 3, arbitrary: fc.constant('lapse' as const) },
    ),
    input: fc.oneof({ weight: 9, arbitrary: fc.constant('same') }, { weight: 1, arbitrary: fc.constant('other') }),
    handler: fc.oneof(
      { weight: 6, arbitrary: fc.constant('succeeds' as const) },
      { weight: 2, arbitrary: fc.constant('fails' as const) },
      { weight: 1, arbitrary: fc.constant('refuses' as const) },
    ),
    takesMs: fc.constantFrom(0, 0, 1, 5),
  })
  .map(({ what, ...rest }) => ({ ...rest, kind: what === 'request' ? kindOf(rest.key) : what }));

const round: fc.Arbitrary<Round> = fc.oneof(
  { weight: 9, arbitrary: fc.array(operation, { minLength: 6, maxLength: 16 }).map((operations) => ({ operations })) },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS).map((key) => ({ expires: key })) },
);

/** Operations in another process, over its channel. */
function processOf(child: ChildProcess): (operation: Operation) => Promise<Result> {
  let last = 0;
  const waiting = new Map<number, (result: Result) => void>();
  child.on('message', ({ number, result }: { number: number; result: Result }) => {
    waiting.get(number)?.(result);
    waiting.delete(number);
  });
  return (asked) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      child.send({ number: last, operation: asked });
    });
}

async function effectsOf(db: Db, person: string, key: string): Promise<number> {
  const [row] = await db.execute<{ count: number }>(
    sql`select count(*)::int from effects where note = ${`${person} ${key}`}`,
  );
  return row?.count ?? Number.NaN;
}

it(`${LEAST_OPERATIONS.toLocaleString('en')} random operations of three processes leave one effect a key, and one answer`, async () => {
  await using database = await freshDatabase();
  await using otherPool = connect(database.url, 4);
  const child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [database.url]);
  const processes = [createProcess(database.db), createProcess(otherPool.db), processOf(child)];
  let histories = 0;
  let operations = 0;
  const ends = new Map<string, number>();

  const isRight = async (rounds: readonly Round[]) => {
    const person = `person-${++histories}`;
    const epochs = new Map<string, Epoch>(KEYS.map((key) => [key, newEpoch()]));
    const before = new Map<string, number>(KEYS.map((key) => [key, 0]));
    for (const each of rounds) {
      if ('expires' in each) {
        const { expires: key } = each;
        await database.db.execute(sql`delete from oncekey_records where scope = ${person} and key = ${key}`);
        before.set(key, await effectsOf(database.db, person, key));
        epochs.set(key, newEpoch());
        continue;
      }
      operations += each.operations.length;
      const results = await Promise.all(
        each.operations.map(({ by, ...asked }) => processes[by]?.({ ...asked, person })),
      );
      for (const [index, asked] of each.operations.entries()) {
        const result = results[index];
        const epoch = epochs.get(asked.key);
        if (!result || !epoch) throw new Error('every operation has a result');
        const end = result.end === 'refused' ? result.code : result.end;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        expect(judge(epoch, { ...asked, person }, result), asked.key).toBeUndefined();
      }
      for (const [key, epoch] of epochs) {
        const effects = (await effectsOf(database.db, person, key)) - (before.get(key) ?? 0);
        expect(judgeEffects(epoch, kindOf(key), effects), key).toBeUndefined();
      }
    }
  };

  try {
    await fc.assert(fc.asyncProperty(fc.array(round, { minLength: 15, maxLength: 25 }), isRight), {
      numRuns: HISTORIES,
      // Enough to shrink in: what is found by then is printed.
      interruptAfterTimeLimit: 120_000,
      markInterruptAsFailure: true,
    });
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
  console.log(`${operations} operations in ${histories} histories: ${JSON.stringify(Object.fromEntries(ends))}`);
  expect(operations).toBeGreaterThanOrEqual(LEAST_OPERATIONS);
  // All that can happen did: a test of histories without takeovers would be no test of them.
  for (const end of ['answered', 'KEY_REUSED', 'ABANDONED', 'abandoned', 'not abandoned', 'failed']) {
    expect(ends.get(end), end).toBeGreaterThan(0);
  }
}, 240_000);
