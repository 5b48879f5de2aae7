import { type Attempt, type Mode, movesOf, waiting } from './attempts.ts';
import { wrongsOf } from './invariants.ts';
import { EMPTY, type Storage } from './store-model.ts';
import { nameOf, nameOfStorage, stepsOf, type World, type WorldRules } from './world.ts';

export interface Walk {
  /** Different ones: which of two equal attempts is where makes no difference. */
  readonly states: number;
  /** What was done at all, by anyone. A rule about what never happened says nothing. */
  readonly steps: ReadonlySet<string>;
  /** What is wrong, and a shortest way there. */
  readonly violations: ReadonlyMap<string, readonly string[]>;
}

interface Place {
  readonly world: World;
  readonly from?: Place;
  readonly by: string;
}

/**
 * Walks every interleaving, what is nearest first: so the first way to anything is a shortest one. A violation does not
 * end a walk, since behind the first there may be a worse one.
 */
export function explore(requests: readonly (readonly [Mode, fingerprint: string])[], rules: WorldRules): Walk {
  const attempts = requests.map(([mode, fingerprint]) => waiting({ mode, fingerprint }));
  const start: World = { storage: EMPTY, attempts, answered: undefined, abandonedUntil: 0, left: rules.left };
  const seen = new Set([nameOf(start)]);
  const steps = new Set<string>();
  const violations = new Map<string, readonly string[]>();
  const isStuck = stuckAfter(attempts, rules);

  const places: Place[] = [{ world: start, by: 'nobody was here' }];
  // Grows while it is walked.
  for (const place of places) {
    const { world } = place;
    if (!violations.has(STUCK) && isStuck(world.storage)) violations.set(STUCK, wayTo(place));
    for (const step of stepsOf(world, rules)) {
      steps.add(step.name);
      const next: Place = { world: step.next, from: place, by: `${step.actor ?? '-'} ${step.name}` };
      for (const wrong of wrongsOf(world, step, rules)) {
        if (!violations.has(wrong)) violations.set(wrong, wayTo(next));
      }
      const name = nameOf(step.next);
      if (seen.has(name)) continue;
      seen.add(name);
      places.push(next);
    }
  }
  return { states: seen.size, steps, violations };
}

function wayTo(place: Place): readonly string[] {
  const way: string[] = [];
  for (let at: Place | undefined = place; at; at = at.from) way.unshift(at.by);
  return way;
}

const STUCK = 'a key is stuck';
/** A request that is let alone has fewer. */
const STEPS_ALONE = 12;

/**
 * Whether there is a request that gets no answer, once everybody else has died and their leases have ended: neither a
 * result nor a refusal that says why. Each storage is asked once.
 */
function stuckAfter(attempts: readonly Attempt[], rules: WorldRules): (storage: Storage) => boolean {
  const known = new Map<string, boolean>();
  return ({ row, ...rest }) => {
    const left: Storage = { ...rest, row: row && { ...row, isLeaseOver: true } };
    const name = nameOfStorage(left);
    const answer = known.get(name) ?? attempts.some((attempt) => !isAnswered(attempt, left, rules));
    known.set(name, answer);
    return answer;
  };
}

function isAnswered(fresh: Attempt, left: Storage, rules: WorldRules): boolean {
  let attempt = fresh;
  let storage = left;
  for (let steps = 0; steps < STEPS_ALONE; steps++) {
    const move = movesOf(attempt, storage, [], rules).find(({ isMishap }) => !isMishap);
    if (!move) return false;
    attempt = move.after;
    storage = move.storage;
    if (attempt.at === 'gone')
      return move.answer !== undefined || move.name === 'is told' || move.name.startsWith('is refused');
  }
  return false;
}
