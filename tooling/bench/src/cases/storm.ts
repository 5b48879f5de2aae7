import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '@oncekey/core';
import { enter, environment, leave } from '../contest.ts';
import { type Report, untimed } from '../report.ts';
import { effect, effects, open } from '../systems/database.ts';
import type { SystemSpec } from '../systems/system.ts';

const KEYS = 30;
const DUPLICATES = 20;
const HANDLER_MS = 30;
const REQUESTS = KEYS * DUPLICATES;

/** Keys that each come many times at once, with a handler that takes its time: how often it ran, and what was answered. */
export async function storm(report: Report, specs: readonly SystemSpec[], url: string): Promise<void> {
  await using pool = open(url, 1);
  let executions = 0;
  const entrants = await enter(specs, {
    ...environment(url, 'storm'),
    async effect(db) {
      executions++;
      await sleep(HANDLER_MS);
      return effect(db, 'storm');
    },
  });
  const lines: string[][] = [];
  for (const { spec, system } of entrants) {
    if (!system) continue;
    await system.first(createKey()); // connections are open
    executions = 0;
    const before = await pool.db.$count(effects);
    const keys = Array.from({ length: KEYS }, () => createKey());
    const begun = performance.now();
    const requests = Array.from({ length: REQUESTS }, (_, index) => system.first(keys[index % KEYS] ?? ''));
    const answers = await Promise.allSettled(requests);
    const ms = Math.round(performance.now() - begun);
    const answered = answers.filter(({ status }) => status === 'fulfilled').length;
    const counts = { executions, effects: (await pool.db.$count(effects)) - before, answered, ms };
    lines.push([spec.name, ...Object.values(counts).map(String), String(REQUESTS - answered)]);
    report.keep({ ...untimed('storm', spec.name, { rtt: 0, concurrency: REQUESTS }), ...counts });
  }
  await leave(entrants);
  const title = `${KEYS} keys, each ${DUPLICATES} times at once, a handler of ${HANDLER_MS} ms (once for each key: ${KEYS})`;
  report.show(title, ['system', 'handler ran', 'rows', 'answered', 'ms', 'refused'], lines, entrants);
}
