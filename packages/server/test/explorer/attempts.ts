import { type Decision, decide } from '../../src/decide.ts';
import {
  type Bug,
  claim,
  commit,
  complete,
  isLeased,
  type Lease,
  release,
  type Storage,
  tryLock,
  unlock,
} from './store-model.ts';

/** Where one attempt at the key stands. `told`, `refused`, `lost` and `crashed` are ends. */
export interface Attempt {
  readonly at:
    | 'waiting'
    | 'in transaction'
    | 'committed'
    | 'claimed'
    | 'told'
    | 'refused'
    | 'lost'
    | 'failed'
    | 'crashed';
  readonly fingerprint: string;
  readonly lease?: Lease | undefined;
  readonly answer?: string | undefined;
}

export interface World {
  readonly storage: Storage;
  readonly attempts: readonly Attempt[];
  /** Whether the key’s own time is over: then its record is gone, and it may not be told whether it was used. */
  readonly isKeyOld: boolean;
  /** The first answer that anyone was given, and to which request. */
  readonly firstAnswer?: string | undefined;
  /** Whether it was said that nothing will ever happen under the key. */
  readonly wasAbandoned: boolean;
  /** What may still come from outside: one abandon, and the end of two retentions. More adds no new interleaving. */
  readonly abandonsLeft: number;
  readonly retentionsLeft: number;
}

export interface Rules {
  readonly mode: 'transactional' | 'leased';
  readonly locks: boolean;
  /** Whether the key bears its time. */
  readonly isTimed: boolean;
  readonly bug?: Bug | undefined;
}

/** A step that may come next, and the world after it. */
export interface Step {
  readonly name: string;
  readonly next: World;
}

const ENDS = new Set<Attempt['at']>(['told', 'refused', 'lost', 'failed', 'crashed']);
const RETENTION_MS = 1_000;

export function isOver({ at }: Attempt): boolean {
  return ENDS.has(at);
}

/** All that one attempt may do next; dying is always among it. */
export function stepsOf(world: World, actor: number, rules: Rules): readonly Step[] {
  const attempt = world.attempts[actor];
  if (!attempt || isOver(attempt)) return [];
  const { storage } = world;
  const steps: Step[] = [];
  const step = (name: string, after: Attempt, next: Storage = storage) =>
    steps.push({ name: `${actor} ${name}`, next: withAttempt({ ...world, storage: next }, actor, after) });

  step('dies', { ...attempt, at: 'crashed' }, unlock(storage, actor));
  switch (attempt.at) {
    case 'waiting':
      if (rules.mode === 'transactional') begin(world, actor, attempt, rules, step);
      else claimIt(world, attempt, rules, step);
      break;
    case 'in transaction': {
      const committed = commit(storage, { fingerprint: attempt.fingerprint, result: `by ${actor}` }, rules.bug);
      if (committed) step('commits', { ...attempt, at: 'committed', answer: `by ${actor}` }, unlock(committed, actor));
      else step('is overtaken', { ...attempt, at: 'waiting' }, unlock(storage, actor));
      step('fails', { ...attempt, at: 'failed' }, unlock(storage, actor));
      break;
    }
    case 'committed':
      step('is told', { ...attempt, at: 'told' });
      break;
    case 'claimed': {
      const { lease } = attempt;
      if (!lease) break;
      const completed = complete(storage, lease, `by ${actor}`, rules.bug);
      if (completed) step('completes', { ...attempt, at: 'committed', answer: `by ${actor}` }, completed);
      else step('has lost its lease', { ...attempt, at: 'lost' });
      step('fails', { ...attempt, at: 'failed' }, release(storage, lease, rules.bug));
      break;
    }
  }
  return steps;
}

type Note = (name: string, after: Attempt, next?: Storage) => void;

function begin(world: World, actor: number, attempt: Attempt, { locks }: Rules, step: Note): void {
  const [storage, locked] = tryLock(world.storage, actor, locks);
  const decision = decideIn({ ...world, storage }, attempt, locked);
  if (decision.do === 'run') step('begins', { ...attempt, at: 'in transaction' }, storage);
  else follow(decision, attempt, step);
}

function claimIt(world: World, attempt: Attempt, { bug }: Rules, step: Note): void {
  // The guard of the statement itself: a key out of its time is not claimed, unless its record is there.
  const isRefused = world.isKeyOld && (!world.storage.row || world.storage.row.isExpired);
  const [storage, lease] = isRefused ? [world.storage, undefined] : claim(world.storage, attempt.fingerprint, bug);
  if (lease) {
    step('claims', { ...attempt, at: 'claimed', lease }, storage);
    return;
  }
  const decision = decideIn(world, attempt, false);
  if (decision.do !== 'run') follow(decision, attempt, step);
}

function follow(decision: Exclude<Decision, { do: 'run' }>, attempt: Attempt, step: Note): void {
  if (decision.do === 'replay') step('is replayed', { ...attempt, at: 'told', answer: decision.record.result ?? '' });
  else if (decision.do === 'refuse') step(`is refused: ${decision.because}`, { ...attempt, at: 'refused' });
}

/** The real decision, on what the model shows. */
export function decideIn({ storage, isKeyOld }: World, { fingerprint }: Attempt, locked: boolean): Decision {
  const { row } = storage;
  const now = new Date(isKeyOld ? 10 * RETENTION_MS : 0);
  const record = row && {
    key: 'k',
    state: row.state,
    operation: 'op',
    fingerprint: row.fingerprint,
    executionId: String(row.execution),
    attempt: row.attempt,
    result: row.result ?? null,
    createdAt: now,
    expired: row.isExpired && !isLeased(row),
    leased: isLeased(row),
  };
  const request = { operation: 'op', fingerprint, retentionMs: RETENTION_MS, bornAt: isKeyOld ? 0 : undefined };
  return decide({ now, record, locked }, request);
}

function withAttempt(world: World, actor: number, after: Attempt): World {
  const attempts = world.attempts.map((attempt, index) => (index === actor ? after : attempt));
  const answered = after.at === 'told' ? after.answer : undefined;
  return { ...world, attempts, firstAnswer: world.firstAnswer ?? answered };
}
