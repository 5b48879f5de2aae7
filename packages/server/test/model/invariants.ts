import type { Rules } from './attempts.ts';
import { isExpired, isHeld, isLeased, type Row, resultOf, type Storage } from './store-model.ts';
import type { Step, World } from './world.ts';

/** What must never be: every rule that a step has broken, or the world that it led to. */
export function wrongsOf(before: World, step: Step, { isTimed }: Pick<Rules, 'isTimed'>): readonly string[] {
  const { storage } = step.next;
  const checks = [
    ...wrongEffects(step.next, isTimed),
    ...wrongOwners(step.next),
    ...wrongRecord(before.storage, storage),
    ...wrongAnswer(before, step),
    ...wrongRun(before, step),
  ];
  if (storage.effects.length > before.storage.effects.length && storage.clock < before.abandonedUntil) {
    checks.push('an effect of what was abandoned');
  }
  if (step.lease && !isHeld(before.storage, step.lease) && !isSameRow(before.storage.row, storage.row)) {
    checks.push('a late end has changed the record');
  }
  return checks;
}

function wrongEffects({ storage, attempts }: World, isTimed: boolean): readonly string[] {
  const { row, clock, effects } = storage;
  const wrong: string[] = [];
  // A retention counts from BEGIN: what outlasts it has expired when it is committed, and is promised nothing more.
  const counted = isTimed ? effects : effects.filter(({ expiresAt }) => expiresAt > clock);
  if (counted.length > 1) wrong.push('two effects of one key');
  for (const { execution, expiresAt } of effects) {
    const isRecorded = row?.execution === execution && row.state === 'succeeded';
    if (expiresAt > clock && !isRecorded) wrong.push('an effect without its record');
  }
  const isTransactional = attempts.every(({ mode }) => mode === 'transactional');
  const hasEffect = effects.some(({ execution }) => execution === row?.execution);
  if (isTransactional && row?.state === 'succeeded' && !isExpired(row, clock) && !hasEffect) {
    wrong.push('a record without its effect');
  }
  return wrong;
}

function wrongOwners({ attempts }: World): readonly string[] {
  const owners = attempts.filter((attempt) => 'lease' in attempt);
  if (owners.length < 2) return [];
  const leases = new Set(owners.map(({ lease }) => resultOf(lease)));
  return leases.size < owners.length ? ['two owners of one attempt'] : [];
}

/** From one step to the next, by the clock of the first: time alone changes no row. */
function wrongRecord({ row: was, clock }: Storage, { row: is }: Storage): readonly string[] {
  if (!was) return [];
  if (isLeased(was) && !is) return ['a live owner’s record is gone'];
  const isSameAttempt = was.execution === is?.execution && was.attempt === is.attempt;
  if (isLeased(was) && !isSameAttempt) return ['a live owner was overtaken'];
  if (was.execution === is?.execution && is.attempt < was.attempt) return ['the fence was lowered'];
  if (isExpired(was, clock)) return [];
  const isEnded = was.state !== 'running';
  if (isEnded && (!isSameAttempt || was.state !== is.state || was.result !== is.result)) {
    return ['what was ended has changed'];
  }
  if (!is) return ['a record is gone before its time'];
  const isAnother = is.state !== 'abandoned' && is.fingerprint !== was.fingerprint;
  return isAnother ? ['a request has taken the place of another'] : [];
}

function wrongAnswer(before: World, { answer, actor = -1, next }: Step): readonly string[] {
  if (answer === undefined) return [];
  const { row } = next.storage;
  const wrong: string[] = [];
  if (row?.result !== answer) wrong.push('an answer that is not on record');
  if (row?.fingerprint !== before.attempts[actor]?.fingerprint) wrong.push('an answer to another request');
  if (before.answered && before.answered.result !== answer) wrong.push('two answers to one key');
  return wrong;
}

function wrongRun({ storage: { row, clock }, attempts }: World, { actor = -1, next }: Step): readonly string[] {
  const was = attempts[actor];
  const is = next.attempts[actor];
  const begins = is && is.at !== was?.at && (is.at === 'running' || is.at === 'claimed');
  if (!begins || !row || isExpired(row, clock)) return [];
  return row.state === 'abandoned' || row.fingerprint !== is.fingerprint ? ['it runs where another is on record'] : [];
}

function isSameRow(one: Row | undefined, other: Row | undefined): boolean {
  return (
    one?.state === other?.state &&
    one?.execution === other?.execution &&
    one?.attempt === other?.attempt &&
    one?.result === other?.result &&
    one?.isLeaseOver === other?.isLeaseOver
  );
}
