import { type Attempt, movesOf, type Rules, waiting } from './attempts.ts';
import { abandon, isLeased, type Lease, purge, renew, type Storage, tick } from './store-model.ts';

/** The store, all who are at the key, and what an onlooker remembers of what they were told. */
export interface World {
  readonly storage: Storage;
  readonly attempts: readonly Attempt[];
  /** The answer that was settled first, for as long as it is remembered. */
  readonly answered: { readonly result: string; readonly expiresAt: number } | undefined;
  /** Until which tick it is promised that nothing will take effect. */
  readonly abandonedUntil: number;
  /** What may still come. More adds states, and no new way to meet. */
  readonly left: { readonly retries: number; readonly abandons: number; readonly ticks: number };
}

export interface WorldRules extends Rules {
  readonly left: World['left'];
  /**
   * Whether a retention may end between a transaction's look-up and its end. For a key without a time it always may:
   * such a key is forgotten then.
   */
  readonly ticksInTransactions: boolean;
}

/** A step that may come next, and the world after it. */
export interface Step {
  readonly name: string;
  readonly next: World;
  readonly actor?: number;
  readonly answer?: string | undefined;
  readonly lease?: Lease | undefined;
}

/** Every step of anyone, and of time. */
export function stepsOf(world: World, rules: WorldRules): readonly Step[] {
  const steps = [
    ...world.attempts.flatMap((_, actor) => attemptSteps(world, actor, rules)),
    ...otherSteps(world, rules),
  ];
  return steps.map((step) => {
    const next = withMoments(world.storage, step.next);
    return next === step.next ? step : { ...step, next };
  });
}

/** A lease that was live after a transaction's BEGIN ends after its `now()`, whenever it ends. */
function withMoments({ row: was }: Storage, world: World): World {
  const { row: is } = world.storage;
  if (!(was && isLeased(was)) && !(is && isLeased(is))) return world;
  if (!world.attempts.some((attempt) => 'now' in attempt && attempt.isLeaseOver)) return world;
  const attempts = world.attempts.map((attempt) =>
    'now' in attempt && attempt.isLeaseOver ? { ...attempt, isLeaseOver: false } : attempt,
  );
  return { ...world, attempts };
}

function attemptSteps(world: World, actor: number, rules: WorldRules): readonly Step[] {
  const attempt = world.attempts[actor];
  if (!attempt) return [];
  const { storage, left } = world;
  if (attempt.at === 'gone') {
    if (left.retries === 0) return [];
    const next = withAttempt({ ...world, left: { ...left, retries: left.retries - 1 } }, actor, waiting(attempt));
    return [{ name: 'comes again', actor, next }];
  }
  const others = world.attempts.filter((_, index) => index !== actor);
  const steps: Step[] = movesOf(attempt, storage, others, rules).map(({ name, after, answer, lease, ...move }) => {
    const next = withAttempt({ ...world, storage: move.storage }, actor, after);
    return { name, actor, answer, lease, next: answer === undefined ? next : remembering(next, answer, rules) };
  });
  const renewed = (attempt.at === 'claimed' || attempt.at === 'ending') && renew(storage, attempt.lease);
  if (renewed) steps.push({ name: 'has its late heartbeat heard', actor, next: { ...world, storage: renewed } });
  return steps;
}

function otherSteps(world: World, rules: WorldRules): readonly Step[] {
  const { storage, left } = world;
  const { row } = storage;
  const steps: Step[] = [];
  const add = (name: string, changed: Partial<World>) => steps.push({ name, next: { ...world, ...changed } });

  if (row && isLeased(row)) add('the lease ends', { storage: { ...storage, row: { ...row, isLeaseOver: true } } });

  const isAwaited =
    rules.isTimed &&
    !rules.ticksInTransactions &&
    world.attempts.some(({ at }) => at === 'running' || at === 'written');
  if (left.ticks > 0 && !isAwaited) {
    const later = tick(storage, rules.isTimed);
    const { answered, abandonedUntil } = world;
    add('a retention goes by', {
      storage: later,
      left: { ...left, ticks: left.ticks - 1 },
      answered: answered && answered.expiresAt > later.clock ? answered : undefined,
      abandonedUntil: abandonedUntil > later.clock ? abandonedUntil : 0,
    });
  }

  const purged = purge(storage, rules.bugs);
  if (purged) add('a purge deletes it', { storage: purged });

  const abandoned = left.abandons > 0 && abandon(storage, rules.bugs);
  if (abandoned) {
    add('it is abandoned', {
      storage: abandoned,
      left: { ...left, abandons: left.abandons - 1 },
      abandonedUntil: promisedUntil(abandoned, rules),
    });
  }
  return steps;
}

/** A key that bears its time is refused once its record is gone, so what was said of it holds for good. */
function promisedUntil({ row }: Storage, { isTimed }: WorldRules): number {
  return isTimed ? Number.POSITIVE_INFINITY : (row?.expiresAt ?? 0);
}

function remembering(world: World, result: string, rules: WorldRules): World {
  const expiresAt = promisedUntil(world.storage, rules);
  if (world.answered || expiresAt <= world.storage.clock) return world;
  return { ...world, answered: { result, expiresAt } };
}

function withAttempt(world: World, actor: number, after: Attempt): World {
  return { ...world, attempts: world.attempts.map((attempt, index) => (index === actor ? after : attempt)) };
}

/** The same for two worlds that differ only in who is who. */
export function nameOf({ storage, attempts, answered, abandonedUntil, left }: World): string {
  const who = attempts.map(nameOfAttempt).sort().join(' ');
  const told = answered ? `${answered.result}<${answered.expiresAt}` : '';
  return `${nameOfStorage(storage)}|${who}|${told}|${abandonedUntil}|${left.retries}${left.abandons}${left.ticks}`;
}

export function nameOfStorage({ row, clock, executions, effects }: Storage): string {
  const written = row
    ? `${row.state}${row.fingerprint}${row.execution}.${row.attempt}=${row.result}${row.isLeaseOver ? '!' : ''}<${row.expiresAt}`
    : '';
  return `${clock},${executions},${written},${effects.map(({ execution, expiresAt }) => `${execution}<${expiresAt}`).join('+')}`;
}

function nameOfAttempt(attempt: Attempt): string {
  const at = `${attempt.mode}${attempt.fingerprint}${attempt.at}`;
  if ('lease' in attempt) {
    const { execution, attempt: number } = attempt.lease;
    return `${at}${execution}.${number}${attempt.at === 'ending' ? attempt.state : ''}`;
  }
  if (!('now' in attempt)) return at;
  const hasLock = 'hasLock' in attempt && attempt.hasLock;
  const sawRecord = 'sawRecord' in attempt && attempt.sawRecord;
  return `${at}${attempt.now}${Number(attempt.isLeaseOver)}${Number(attempt.remembers)}${Number(hasLock)}${Number(sawRecord)}`;
}
