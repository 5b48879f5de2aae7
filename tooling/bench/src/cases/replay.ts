import { createKey } from '@oncekey/core';
import type { Entrant } from '../contest.ts';
import type { Report, Where } from '../report.ts';
import { measure, type Rounds } from '../rounds.ts';
import { effects, open } from '../systems/database.ts';
import { transactional } from '../systems/oncekey.ts';

/** Under keys that were seen, beside the bare prepared read of the row that oncekey answers from. */
export async function replay(
  report: Report,
  entrants: readonly Entrant[],
  { url, size, ...at }: Where & { url: string; size: string },
  rounds: Rounds,
) {
  await using bare = open(url, 16);
  // Each caller its own keys: what is measured is a replay, not a duplicate that joins another.
  const keys = Array.from({ length: at.concurrency * 4 }, () => createKey());
  const keyed = (run: (key: string) => Promise<unknown>) => {
    let turn = 0;
    return () => run(keys[turn++ % keys.length] ?? '');
  };
  const read = (key: string) => bare.client`
    select state, result, fingerprint from oncekey_records where scope = ${transactional.name} and key = ${key}`;
  const able = entrants.flatMap(({ spec, system }) =>
    system?.replay ? [{ name: spec.name, first: system.first, run: keyed(system.replay) }] : [],
  );
  for (const { first } of able) for (const key of keys) await first(key);
  const before = await bare.db.$count(effects);
  const measured = await measure(
    [{ name: 'bare prepared read', run: keyed(async (key) => read(key)) }, ...able],
    rounds,
  );
  const again = (await bare.db.$count(effects)) - before;
  if (again > 0) throw new Error(`${again} replays ran the handler: the numbers would be of something else`);
  const name = size === 'small' ? 'replay' : `replay-${size}`;
  const one = 'the bare prepared read of the row';
  report.times(name, `Replay, ${size} result`, at, measured, entrants, one);
}
