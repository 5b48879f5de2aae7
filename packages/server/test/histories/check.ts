import type { Operation, Result } from './operations.ts';

/** What was seen of one key since it was last unknown. */
export interface Epoch {
  readonly answers: Map<string, string>;
  isAbandoned: boolean;
}

export function newEpoch(): Epoch {
  return { answers: new Map(), isAbandoned: false };
}

const REFUSALS = new Set(['KEY_REUSED', 'IN_PROGRESS', 'ABANDONED', 'LEASE_LOST']);
const FAILURES = new Set(['the handler failed', 'the handler refused']);

/** What is wrong with a result, given all that was seen before; `undefined`: nothing. */
export function judge(epoch: Epoch, operation: Operation, result: Result): string | undefined {
  switch (result.end) {
    case 'answered': {
      if (result.input !== operation.input) return 'an answer to another request';
      epoch.answers.set(result.executionId, result.input);
      if (epoch.answers.size > 1) return 'two executions have answered';
      return undefined;
    }
    case 'refused':
      return REFUSALS.has(result.code) ? undefined : `an unexpected refusal: ${result.code}`;
    case 'failed':
      return FAILURES.has(result.message) ? undefined : `an unexpected error: ${result.message}`;
    case 'abandoned':
      epoch.isAbandoned = true;
      return undefined;
    default:
      return undefined;
  }
}

/** What is wrong with what the database holds of a key; `undefined`: nothing. */
export function judgeEffects(
  { answers, isAbandoned }: Epoch,
  kind: 'transact' | 'lease',
  effects: number,
): string | undefined {
  if (effects > 1) return `${effects} effects`;
  if (isAbandoned && answers.size > 0) return 'answered and abandoned';
  // A leased execution’s steps stay finished, though it was given up.
  if (kind === 'transact' && isAbandoned && effects > 0) return 'an effect of what was abandoned';
  if (answers.size > 0 && effects === 0) return 'an answer without an effect';
  if (kind === 'transact' && answers.size === 0 && effects > 0) return 'an effect that nobody was told of';
  return undefined;
}
