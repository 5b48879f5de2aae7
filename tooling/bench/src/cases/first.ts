import { type Entrant, firsts } from '../contest.ts';
import type { Report, Where } from '../report.ts';
import { measure, type Rounds } from '../rounds.ts';

/** Under a key that was never seen. */
export async function first(report: Report, entrants: readonly Entrant[], at: Where, size: string, rounds: Rounds) {
  const measured = await measure(firsts(entrants), rounds);
  const name = size === 'small' ? 'first' : `first-${size}`;
  report.times(name, `First execution, ${size} result`, at, measured, entrants);
  return measured;
}
