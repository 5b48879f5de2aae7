import { type Attempt, decideIn, isOver, type Rules, type Step, stepsOf, type World } from './attempts.ts';
import { abandon, claim, EMPTY, isHeld, isLeased, purge, type Row } from './store-model.ts';

export interface Walk {
  readonly states: number;
  /** What is wrong, and the steps that led there. */
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

/** Walks every interleaving of attempts with these fingerprints, crashes, time, an abandon and a purge. */
export function explore(fingerprints: readonly string[], rules: Rules): Walk {
  const start: World = {
    storage: EMPTY,
    attempts: fingerprints.map((fingerprint): Attempt => ({ at: 'waiting', fingerprint })),
    isKeyOld: false,
    wasAbandoned: false,
    abandonsLeft: 1,
    retentionsLeft: 2,
  };
  const seen = new Map<string, { readonly from: string | undefined; readonly by: string }>();
  const startName = JSON.stringify(start);
  seen.set(startName, { from: undefined, by: 'start' });
  const open: { readonly world: World; readonly name: string }[] = [{ world: start, name: startName }];
  const traceTo = (name: string | undefined): string[] => {
    const steps: string[] = [];
    for (let at = name; at !== undefined; ) {
      const known = seen.get(at);
      if (known) steps.unshift(known.by);
      at = known?.from;
    }
    return steps;
  };

  for (let at = open.pop(); at; at = open.pop()) {
    const { world, name } = at;
    const stuck = isStuck(world, rules) ? 'a key is stuck' : undefined;
    if (stuck) return { states: seen.size, violation: { what: stuck, trace: traceTo(name) } };
    for (const step of allSteps(world, rules)) {
      const what = wrongWith(world, step.next, rules);
      if (what) return { states: seen.size, violation: { what, trace: [...traceTo(name), step.name] } };
      const nextName = JSON.stringify(step.next);
      if (seen.has(nextName)) continue;
      seen.set(nextName, { from: name, by: step.name });
      open.push({ world: step.next, name: nextName });
    }
  }
  return { states: seen.size };
}

function allSteps(world: World, rules: Rules): readonly Step[] {
  const steps = world.attempts.flatMap((_, actor) => stepsOf(world, actor, rules));
  const { storage } = world;
  const { row } = storage;
  const also = (name: string, next: World) => steps.push({ name, next });
  const withRow = (changed: Row): World => ({ ...world, storage: { ...storage, row: changed } });

  if (row && isLeased(row)) also('the lease ends', withRow({ ...row, isLeaseOver: true }));
  const owner = world.attempts.find(
    (attempt) => attempt.at === 'claimed' && attempt.lease && isHeld(storage, attempt.lease),
  );
  if (row?.isLeaseOver && owner) also('a heartbeat comes late, and in time', withRow({ ...row, isLeaseOver: false }));
  // A retention is longer than any transaction. A key without a time may be used anew after it, by a request that knows
  // nothing of the first; one that bears its time must hold out against requests that last for ever.
  const lasting: readonly Attempt['at'][] = rules.isTimed
    ? ['in transaction']
    : ['in transaction', 'claimed', 'committed'];
  const isAwaited = world.attempts.some(({ at }) => lasting.includes(at));
  if (row && !row.isExpired && !isLeased(row) && !isAwaited && world.retentionsLeft > 0) {
    also('the retention ends', {
      ...withRow({ ...row, isExpired: true }),
      isKeyOld: rules.isTimed,
      // A key without a time may be used anew: then all begins anew.
      ...(!rules.isTimed && {
        storage: { ...storage, row: { ...row, isExpired: true }, effects: 0 },
        firstAnswer: undefined,
      }),
      wasAbandoned: rules.isTimed && world.wasAbandoned,
      retentionsLeft: world.retentionsLeft - 1,
    });
  }
  const purged = purge(storage, rules.bug);
  if (purged) also('a purge', { ...world, storage: purged });
  const abandoned = world.abandonsLeft > 0 && abandon(storage, rules.bug);
  if (abandoned) {
    const abandonsLeft = world.abandonsLeft - 1;
    also('it is abandoned', { ...world, storage: abandoned, wasAbandoned: true, abandonsLeft });
  }
  return steps;
}

/** What must never be, in any state or from one to the next. */
function wrongWith(before: World, after: World, { mode }: Rules): string | undefined {
  const { storage } = after;
  if (mode === 'transactional' && storage.effects > 1) return 'two effects of one key';
  if (mode === 'transactional' && after.wasAbandoned && storage.effects > before.storage.effects) {
    return 'an effect of what was abandoned';
  }
  const was = before.storage.row;
  const is = storage.row;
  const isSettled = was && (was.state === 'succeeded' || was.state === 'failed' || was.state === 'abandoned');
  if (isSettled && !was.isExpired && (is?.state !== was.state || is.result !== was.result)) {
    return 'what was settled has changed';
  }
  if (was && is && is.attempt < was.attempt) return 'the fence was lowered';
  if (was && isLeased(was) && is && is.attempt !== was.attempt) return 'a live owner was overtaken';
  if (was && isLeased(was) && !is) return 'a live owner’s record is gone';
  if (was && is && mode === 'leased' && is.state === 'succeeded' && was.state === 'running') {
    const owner = after.attempts.find(({ at, answer }) => at === 'committed' && answer === is.result);
    if (owner?.lease && (owner.lease.attempt !== was.attempt || owner.lease.execution !== was.execution)) {
      return 'a late end overwrote the new owner’s';
    }
  }
  const first = after.firstAnswer;
  for (const { at, answer, fingerprint } of after.attempts) {
    if (at !== 'told') continue;
    const author = after.attempts[Number(answer?.slice(3))];
    if (author?.fingerprint !== fingerprint) return 'an answer to another request';
    const isNew = !before.attempts.some((attempt) => attempt.at === 'told' && attempt.answer === answer);
    if (isNew && first !== undefined && answer !== first) return 'two answers to one key';
  }
  return undefined;
}

/** Whether a fresh attempt would wait for ever, once everybody else has died and every lease has ended. */
function isStuck(world: World, rules: Rules): boolean {
  const attempts = world.attempts
    .filter((attempt) => !isOver(attempt))
    .map((attempt) => ({ ...attempt, at: 'crashed' as const }));
  const { row } = world.storage;
  const storage = { ...world.storage, lockedBy: undefined, row: row && { ...row, isLeaseOver: true } };
  const rest: World = { ...world, storage, attempts };
  const fresh: Attempt = { at: 'waiting', fingerprint: 'same' };
  const decision = decideIn(rest, fresh, true);
  if (decision.do === 'wait') return true;
  // What the decision lets run, the claim must be able to claim.
  return rules.mode === 'leased' && decision.do === 'run' && claim(storage, 'same', rules.bug)[1] === undefined;
}
