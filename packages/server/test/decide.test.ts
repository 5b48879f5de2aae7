import { describe, expect, it } from 'vitest';
import { decide } from '../src/decide.ts';
import type { StoredRecord } from '../src/store.ts';

const request = { operation: 'invoices.create', fingerprint: 'a'.repeat(64) };
const record: StoredRecord = {
  ...request,
  executionId: '0192f000-0000-7000-8000-000000000000',
  result: '1',
  createdAt: new Date(0),
  expired: false,
};

describe('decide', () => {
  const rows = [
    // record, lock, decision
    ['live, same request', record, true, 'replay'],
    ['live, same request', record, false, 'replay'],
    ['live, other input', { ...record, fingerprint: 'b'.repeat(64) }, true, 'refuse'],
    ['live, other input', { ...record, fingerprint: 'b'.repeat(64) }, false, 'refuse'],
    ['live, other operation', { ...record, operation: 'invoices.pay' }, true, 'refuse'],
    ['live, other operation', { ...record, operation: 'invoices.pay' }, false, 'refuse'],
    ['none', undefined, true, 'run'],
    ['none', undefined, false, 'wait'],
    ['expired', { ...record, expired: true }, true, 'run'],
    ['expired', { ...record, expired: true }, false, 'wait'],
    ['expired, other input', { ...record, fingerprint: 'b'.repeat(64), expired: true }, true, 'run'],
  ] as const;

  it.each(rows)('a record that is %s, lock %#', (_, found, locked, decision) => {
    expect(decide({ record: found, locked }, request).do).toBe(decision);
  });
});
