import { describe, expect, it } from 'vitest';
import { type Decision, decide } from '../src/decide.ts';
import type { StoredRecord } from '../src/store.ts';

const now = new Date(1_000_000_000);
const hour = 3_600_000;
const request = { operation: 'invoices.create', fingerprint: 'a'.repeat(64), retentionMs: 24 * hour };
const done: StoredRecord = {
  key: 'k',
  state: 'succeeded',
  operation: request.operation,
  fingerprint: request.fingerprint,
  executionId: '0192f000-0000-7000-8000-000000000000',
  attempt: 1,
  result: '1',
  createdAt: now,
  expired: false,
  leased: false,
};
const otherInput = { ...done, fingerprint: 'b'.repeat(64) };
const running: StoredRecord = { ...done, state: 'running', result: null, leased: true };
const abandoned: StoredRecord = { ...done, state: 'abandoned', operation: '', fingerprint: '', result: null };
const another: StoredRecord = { ...done, key: 'k-2', executionId: '0192f000-0000-7000-8000-000000000001' };

const brief = (decision: Decision) => ('because' in decision ? decision.because : decision.do);

describe('decide, for whoever has the lock and for whoever has not', () => {
  it.each<[string, StoredRecord | undefined, withLock: string, without: string]>([
    ['succeeded', done, 'replay', 'replay'],
    ['failed', { ...done, state: 'failed' }, 'replay', 'replay'],
    ['abandoned before it came', abandoned, 'ABANDONED', 'ABANDONED'],
    ['succeeded with other input', otherInput, 'KEY_REUSED', 'KEY_REUSED'],
    ['succeeded by another operation', { ...done, operation: 'invoices.pay' }, 'KEY_REUSED', 'KEY_REUSED'],
    ['running', running, 'wait', 'wait'],
    // 422, not 409: it would be refused after the wait too
    ['running with other input', { ...otherInput, state: 'running', leased: true }, 'KEY_REUSED', 'KEY_REUSED'],
    ['running, its lease over', { ...running, leased: false }, 'run', 'wait'],
    ['none', undefined, 'run', 'wait'],
    ['expired', { ...done, expired: true }, 'run', 'wait'],
    ['expired, with other input', { ...otherInput, expired: true }, 'run', 'wait'],
    ['expired, abandoned', { ...abandoned, expired: true }, 'run', 'wait'],
  ])('a record that is %s', (_, record, withLock, without) => {
    expect(brief(decide({ record, now, locked: true }, request))).toBe(withLock);
    expect(brief(decide({ record, now, locked: false }, request))).toBe(without);
  });
});

describe('a key that bears its time', () => {
  const at = (bornAt: number, record?: StoredRecord) =>
    brief(decide({ record, now, locked: true }, { ...request, bornAt: now.getTime() + bornAt }));

  it('is refused when it cannot be told any more whether it was used', () => {
    expect(at(0)).toBe('run');
    expect(at(-24 * hour)).toBe('run');
    expect(at(-24 * hour - 1)).toBe('KEY_EXPIRED');
    expect(at(-24 * hour - 1, { ...done, expired: true })).toBe('KEY_EXPIRED');
  });

  it('is refused from a future in which its record would be gone first', () => {
    expect(at(300_000)).toBe('run');
    expect(at(300_001)).toBe('KEY_EXPIRED');
  });

  it('is answered however old it is, as long as its record is there', () => {
    expect(at(-30 * 24 * hour, done)).toBe('replay');
    expect(at(-30 * 24 * hour, { ...running, leased: false })).toBe('run');
  });
});

describe('another execution that holds the dedupe key', () => {
  const decided = (holder: StoredRecord, onDuplicate?: 'replay' | 'conflict', record?: StoredRecord) =>
    decide({ record, holder, now, locked: true }, { ...request, onDuplicate });

  it('refuses, or answers with its own result', () => {
    expect(decided(another)).toEqual({ do: 'refuse', because: 'DUPLICATE', record: another });
    expect(decided(another, 'conflict')).toEqual({ do: 'refuse', because: 'DUPLICATE', record: another });
    expect(decided(another, 'replay')).toEqual({ do: 'replay', record: another });
  });

  it('is waited for while it runs', () => {
    const holder = { ...another, state: 'running', leased: true } as const;
    expect(decided(holder, 'replay')).toEqual({ do: 'wait', for: holder });
    expect(brief(decided(holder, 'conflict'))).toBe('DUPLICATE');
  });

  it('does not come before the answer that the key itself has: a late retry never starts a second job', () => {
    expect(brief(decided(another, 'conflict', done))).toBe('replay');
  });
});
