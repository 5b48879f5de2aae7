import { type DecidedRequest, type Decision, decide } from '../../src/decide.ts';
import {
  type Bugs,
  claim,
  commit,
  complete,
  type Lease,
  lookUp,
  type Moment,
  OPERATION,
  present,
  RETENTION_MS,
  release,
  resultOf,
  type Storage,
  writePast,
} from './store-model.ts';

export type Mode = 'transactional' | 'leased';

interface Request {
  readonly mode: Mode;
  readonly fingerprint: string;
}

/** BEGIN was sent, at this moment. */
interface Begun extends Moment {
  /** Not to run the handler, but to record that it has failed. */
  readonly remembers: boolean;
}

/** One attempt at the key: where it stands, and what it carries from there to its next step. */
export type Attempt = Request &
  (
    | { readonly at: 'waiting' | 'recorded' | 'failing' | 'unsure' | 'lost' | 'gone' }
    | (Begun & { readonly at: 'begun' })
    | (Begun & { readonly at: 'looking'; readonly hasLock: boolean })
    | (Begun & { readonly at: 'running' | 'written'; readonly hasLock: boolean; readonly sawRecord: boolean })
    | { readonly at: 'claimed'; readonly lease: Lease }
    | { readonly at: 'ending'; readonly lease: Lease; readonly state: 'succeeded' | 'failed' }
  );

export interface Rules {
  /** Where they do not exclude, everybody gets the lock, and the primary key stands alone. */
  readonly locks: boolean;
  /** Whether the key bears its time. */
  readonly isTimed: boolean;
  readonly bugs: Bugs;
}

/** What an attempt may do next. */
export interface Move {
  readonly name: string;
  readonly storage: Storage;
  readonly after: Attempt;
  /** The answer that is settled for its request by this step. */
  readonly answer?: string;
  /** By which right it ends what it has claimed. */
  readonly lease?: Lease;
  /** What need not happen: an attempt that is left alone comes to its end without. */
  readonly isMishap?: true;
}

/** An attempt before its first step, or between two of its looks. */
export function waiting({ mode, fingerprint }: Request): Attempt {
  return { mode, fingerprint, at: 'waiting' };
}

function holdsLock(attempt: Attempt): boolean {
  return 'hasLock' in attempt && attempt.hasLock;
}

/** All that one attempt may do next; to die is always among it. */
export function movesOf(attempt: Attempt, storage: Storage, others: readonly Attempt[], rules: Rules): readonly Move[] {
  const { mode, fingerprint } = attempt;
  const to = (at: 'recorded' | 'failing' | 'unsure' | 'lost' | 'gone'): Attempt => ({ mode, fingerprint, at });
  const gone = to('gone');
  const dies: Move = { name: 'dies', storage, after: gone, isMishap: true };

  switch (attempt.at) {
    case 'gone':
      return [];

    case 'waiting': {
      if (mode === 'leased') return [...claims(attempt, storage, rules), dies];
      const begun: Attempt = { mode, fingerprint, at: 'begun', ...present(storage), remembers: false };
      return [{ name: 'begins', storage, after: begun }, dies];
    }

    case 'begun': {
      const hasLock = !rules.locks || !others.some(holdsLock);
      const looking: Attempt = { ...attempt, at: 'looking', hasLock };
      return [{ name: hasLock ? 'gets the lock' : 'finds the lock taken', storage, after: looking }, dies];
    }

    case 'looking': {
      const { remembers, hasLock } = attempt;
      const look = lookUp(storage, attempt);
      const decision = decide({ ...look, locked: hasLock }, request(attempt, rules));
      if (decision.do !== 'run') return [follow(decision, attempt, storage), dies];
      const sawRecord = look.record !== undefined;
      // Nothing is run for a failure that is to be remembered.
      const at = remembers ? 'written' : 'running';
      const after: Attempt = { ...attempt, at, sawRecord };
      return [{ name: remembers ? 'may record its failure' : 'runs', storage, after }, dies];
    }

    case 'running': {
      const isPast = rules.bugs.has('effect outside of the transaction');
      return [
        { name: 'writes', storage: isPast ? writePast(storage) : storage, after: { ...attempt, at: 'written' } },
        { name: 'fails', storage, after: to('failing'), isMishap: true },
        dies,
      ];
    }

    case 'written': {
      const state = attempt.remembers ? 'failed' : 'succeeded';
      const committed = commit(storage, { fingerprint, state }, attempt, rules.bugs);
      const cut: Move = { name: 'is cut off before its commit', storage, after: to('unsure'), isMishap: true };
      if (!committed) return [{ name: 'is overtaken', storage, after: waiting(attempt) }, cut, dies];
      const answer = committed.row?.result ?? '';
      return [
        { name: `commits: ${state}`, storage: committed, after: to('recorded'), answer },
        { name: `commits unheard: ${state}`, storage: committed, after: to('unsure'), isMishap: true },
        cut,
        dies,
      ];
    }

    // `otherAnswer`: whatever went wrong, an answer that is there comes before the error.
    case 'failing':
    case 'unsure': {
      const decision = decide({ ...lookUp(storage), locked: false }, request(attempt, rules));
      if (decision.do === 'replay') return [follow(decision, attempt, storage), dies];
      if (attempt.at === 'unsure') return [{ name: 'says that the store is away', storage, after: gone }, dies];
      const begun: Attempt = { mode, fingerprint, at: 'begun', ...present(storage), remembers: true };
      return [
        { name: 'has an error to remember', storage, after: begun },
        { name: 'has an error that is not remembered', storage, after: gone },
        dies,
      ];
    }

    case 'claimed': {
      const { lease } = attempt;
      const ending = { mode, fingerprint, at: 'ending', lease } as const;
      return [
        { name: 'has a result', storage, after: { ...ending, state: 'succeeded' } },
        { name: 'has an error to remember', storage, after: { ...ending, state: 'failed' }, isMishap: true },
        {
          name: 'gives its claim back',
          storage: release(storage, lease, rules.bugs),
          after: gone,
          lease,
          isMishap: true,
        },
        // By its own clock, or told by a heartbeat: true or not, it stops.
        { name: 'takes its lease for lost', storage, after: to('lost'), isMishap: true },
        dies,
      ];
    }

    case 'ending': {
      const { lease, state } = attempt;
      const completed = complete(storage, lease, state, rules.bugs);
      if (!completed) return [{ name: 'finds its lease lost', storage, after: to('lost'), lease }, dies];
      return [
        { name: `completes: ${state}`, storage: completed, after: to('recorded'), answer: resultOf(lease), lease },
        { name: `completes unheard: ${state}`, storage: completed, after: attempt, lease, isMishap: true },
        dies,
      ];
    }

    // `answerOfNewOwner`
    case 'lost': {
      const decision = decide({ ...lookUp(storage), locked: false }, request(attempt, rules));
      if (decision.do === 'replay') return [follow(decision, attempt, storage), dies];
      return [{ name: 'is refused: LEASE_LOST', storage, after: gone }, dies];
    }

    case 'recorded':
      return [{ name: 'is told', storage, after: gone }, dies];
  }
}

function claims(attempt: Attempt, storage: Storage, rules: Rules): readonly Move[] {
  const { mode, fingerprint } = attempt;
  const asked = request(attempt, rules);
  const [claimed, lease] = claim(storage, { fingerprint, bornAt: asked.bornAt }, rules.bugs);
  if (lease) {
    const name = lease.execution > storage.executions ? 'claims' : 'takes over';
    return [{ name, storage: claimed, after: { mode, fingerprint, at: 'claimed', lease } }];
  }
  const decision = decide({ ...lookUp(storage), locked: false }, asked);
  // `run` here is to look again at once, which no later step undoes: if it stays so, the key is stuck.
  return decision.do === 'run' ? [] : [follow(decision, attempt, storage)];
}

/** The other decisions, as the engine's `follow` has them. */
function follow(decision: Exclude<Decision, { do: 'run' }>, attempt: Attempt, storage: Storage): Move {
  const { mode, fingerprint } = attempt;
  const gone: Attempt = { mode, fingerprint, at: 'gone' };
  if (decision.do === 'refuse') return { name: `is refused: ${decision.because}`, storage, after: gone };
  if (decision.do === 'wait') return { name: 'waits', storage, after: waiting(attempt) };
  return { name: 'is replayed', storage, after: gone, answer: decision.record.result ?? '' };
}

function request({ fingerprint }: Request, { isTimed }: Rules): DecidedRequest {
  return { operation: OPERATION, fingerprint, retentionMs: RETENTION_MS, bornAt: isTimed ? 0 : undefined };
}
