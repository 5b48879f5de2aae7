import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '@oncekey/core';
import type { Completion, Lease, NewLease, NewRecord, RecordId, Store } from '../store.ts';

/** A store, as the contract needs it. */
export interface StoreUnderTest<Tx> extends AsyncDisposable {
  readonly store: Store<Tx>;
  /** The same storage as another process has it. Where there is no other process: the same store. */
  readonly other: Store<Tx>;
  /** Where a handler's writes are part of the transaction: writes one row with it, and counts them from outside. */
  readonly effects?: {
    write(tx: Tx): Promise<unknown>;
    count(): Promise<number>;
  };
  /** Whether two transactions can be open at once. Default: yes. */
  readonly isConcurrent?: boolean;
}

export interface ContractSetup<Tx> {
  /** Registers a test: vitest's `it`, node:test's `test`. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** Opens a storage that nobody else uses. */
  readonly open: () => Promise<StoreUnderTest<Tx>>;
}

const operation = 'invoices.create';
const fingerprint = 'ab'.repeat(32);
const other = 'cd'.repeat(32);
const MINUTE_MS = 60_000;
/** Long enough for a statement to come back within, short enough to wait for. */
const SHORT_MS = 300;

const execution = (more: Partial<NewLease> = {}) => ({
  operation,
  fingerprint,
  executionId: createKey(),
  retentionMs: MINUTE_MS,
  ...more,
});
const record = (more: Partial<NewRecord> = {}): NewRecord => ({ ...execution(), result: '"done"', ...more });
const lease = (more: Partial<NewLease> = {}): NewLease => ({ ...execution(), leaseMs: MINUTE_MS, ...more });
const success: Completion = { state: 'succeeded', result: '"done"', keepsDedupe: false };
const id = (key: string = createKey(), scope = 'alice'): RecordId => ({ scope, key });

/** What every store promises, as tests. Run it on a store of your own. */
export function storeContract<Tx>({ test, open }: ContractSetup<Tx>): void {
  const it = (name: string, run: (under: StoreUnderTest<Tx>) => Promise<void>) =>
    test(name, async () => {
      const under = await open();
      try {
        await run(under);
      } finally {
        await under[Symbol.asyncDispose]();
      }
    });

  const claimed = async (store: Store<Tx>, at: RecordId, next: NewLease): Promise<Lease> => {
    const { lease: got } = await store.claim(at, next);
    ok(got, 'the claim was refused');
    return got;
  };

  it('a record reads back as it was written, and elsewhere too', async ({ store, other: elsewhere }) => {
    const at = id();
    const written = record({ result: '"a\\u0000b\\ud800 ä"' });
    equal(await store.transact(at, async () => written), 'recorded');
    for (const each of [store, elsewhere]) {
      const { record: found, now } = await each.look(at);
      const { createdAt, ...rest } = found ?? { createdAt: new Date(0) };
      deepEqual(rest, {
        key: at.key,
        state: 'succeeded',
        operation,
        fingerprint,
        executionId: written.executionId,
        attempt: 1,
        result: written.result,
        expired: false,
        leased: false,
      });
      ok(Math.abs(now.getTime() - createdAt.getTime()) < 10_000);
    }
  });

  it('a result of nothing is null', async ({ store }) => {
    const at = id();
    await store.transact(at, async () => record({ result: null }));
    equal((await store.look(at)).record?.result, null);
  });

  it('two scopes never meet, nor do parts that run together', async ({ store }) => {
    const ids = [id('c', 'ab'), id('bc', 'a'), id('c', 'ab '), id('C', 'ab')];
    for (const at of ids)
      equal(await store.transact(at, async () => record({ result: JSON.stringify(at) })), 'recorded');
    for (const at of ids) equal((await store.look(at)).record?.result, JSON.stringify(at));
  });

  it('a body that asks for no record leaves nothing, and what it throws comes out as it was', async (under) => {
    const { store, effects } = under;
    const at = id();
    const thrown = { not: 'even an Error' };
    const failed = store.transact(at, async ({ tx }) => {
      await effects?.write(tx);
      throw thrown;
    });
    equal(await failed.catch((error: unknown) => error), thrown);
    const end = await store.transact(at, async ({ tx }) => {
      await effects?.write(tx);
      return undefined;
    });
    equal(end, 'rolled-back');
    equal((await store.look(at)).record, undefined);
    equal((await effects?.count()) ?? 0, 0);
  });

  it('a transaction sees the record that is there, and its insert does not get past it', async (under) => {
    const { store, effects } = under;
    const at = id();
    await store.transact(at, async () => record({ result: '"first"' }));
    const end = await store.transact(at, async ({ tx, record: found }) => {
      equal(found?.result, '"first"');
      await effects?.write(tx);
      return record({ result: '"second"' });
    });
    equal(end, 'overtaken');
    equal((await store.look(at)).record?.result, '"first"');
    equal((await effects?.count()) ?? 0, 0);
  });

  it('of two transactions that both found nothing and both ran, one commits', async (under) => {
    const { store, other: elsewhere, effects, isConcurrent = true } = under;
    if (!isConcurrent) return;
    const at = id();
    let looked = 0;
    let bothLooked = () => {};
    const both = new Promise<void>((resolve) => {
      bothLooked = resolve;
    });
    const locks: boolean[] = [];
    const attempt = (each: Store<Tx>) =>
      each.transact(at, async ({ tx, record: found, locked }) => {
        equal(found, undefined);
        locks.push(locked);
        if (++looked === 2) bothLooked();
        await both; // whatever the lock said, neither has written yet
        await effects?.write(tx);
        return record();
      });
    deepEqual((await Promise.all([attempt(store), attempt(elsewhere)])).sort(), ['overtaken', 'recorded']);
    deepEqual(locks.sort(), [false, true]);
    if (effects) equal(await effects.count(), 1);
  });

  it('an expired record gives way, and a live one does not', async ({ store }) => {
    const at = id();
    await store.transact(at, async () => record({ retentionMs: 0, result: '"old"' }));
    equal((await store.look(at)).record?.expired, true);
    equal(await store.transact(at, async () => record({ result: '"new"' })), 'recorded');
    equal((await store.look(at)).record?.expired, false);
    equal(await store.transact(at, async () => record()), 'overtaken');
  });

  it('a record outlives a key that was born ahead of the clock', async ({ store }) => {
    const at = id();
    const { now } = await store.look(at);
    await store.transact(at, async () => record({ bornAt: now.getTime() + MINUTE_MS, retentionMs: 0 }));
    equal((await store.look(at)).record?.expired, false);
  });

  it('a claim is one owner’s, and tells the next one who is there', async ({ store, other: elsewhere }) => {
    const at = id();
    const first = lease();
    const got = await claimed(store, at, first);
    deepEqual(got, { id: at, executionId: first.executionId, attempt: 1, isTakeover: false });
    const { lease: none, record: there } = await elsewhere.claim(at, lease());
    equal(none, undefined);
    equal(there?.state, 'running');
    equal(there?.leased, true);
  });

  it('of many claims at once, one is had', async ({ store, other: elsewhere }) => {
    const at = id();
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? store : elsewhere).claim(at, lease())),
    );
    equal(claims.filter((claim) => claim.lease).length, 1);
  });

  it('a lease that is over is taken over by the same request: same execution, higher fence', async (under) => {
    const { store, other: elsewhere } = under;
    const at = id();
    const first = await claimed(store, at, lease({ leaseMs: 1 }));
    await sleep(20);
    equal((await elsewhere.claim(at, lease({ fingerprint: other }))).lease, undefined);
    const second = await claimed(elsewhere, at, lease());
    deepEqual(second, { ...first, attempt: 2, isTakeover: true });

    equal(await store.complete(first, success), false); // a late success
    await store.release(first); // a late failure
    deepEqual(await store.renew([first], MINUTE_MS), []); // a late heartbeat
    equal(await store.finishStep(first, 'late', '1'), undefined);
    equal((await store.look(at)).record?.leased, true);
    equal(await elsewhere.complete(second, success), true);
    equal((await store.look(at)).record?.attempt, 2);
  });

  it('a heartbeat keeps every lease that is held, and says which', async ({ store, other: elsewhere }) => {
    const held = await Promise.all([1, 2, 3].map(() => claimed(store, id(), lease({ leaseMs: SHORT_MS }))));
    const ended = await claimed(store, id(), lease({ leaseMs: SHORT_MS }));
    await store.complete(ended, success);
    deepEqual(await store.renew([...held, ended], MINUTE_MS), held);
    await sleep(SHORT_MS + 20);
    for (const each of held) equal((await elsewhere.claim(each.id, lease())).lease, undefined);
    deepEqual(await store.renew([], MINUTE_MS), []);
  });

  it('an end is stored once, and saying it again is the same', async ({ store, other: elsewhere }) => {
    const at = id();
    const got = await claimed(store, at, lease());
    equal(await store.complete(got, success), true);
    equal(await store.complete(got, success), true); // its first answer was lost
    equal(await store.complete(got, { ...success, state: 'failed', result: '"other"' }), false);
    const { record: found } = await elsewhere.look(at);
    equal(found?.state, 'succeeded');
    equal(found?.result, '"done"');
    equal((await elsewhere.claim(at, lease())).lease, undefined);
  });

  it('a claim that is given back is taken over at once', async ({ store, other: elsewhere }) => {
    const at = id();
    await store.release(await claimed(store, at, lease()));
    equal((await claimed(elsewhere, at, lease())).attempt, 2);
  });

  it('the fence goes on rising where an expired row is taken for a new execution', async ({ store }) => {
    const at = id();
    const old = await claimed(store, at, lease({ retentionMs: 0, leaseMs: 1 }));
    await sleep(20);
    const next = await claimed(store, at, lease());
    notEqual(next.executionId, old.executionId);
    equal(next.isTakeover, false);
    ok(next.attempt > old.attempt);
    equal(await store.complete(old, success), false);
  });

  it('a lease that is live is not expired, however short the retention', async ({ store, other: elsewhere }) => {
    const at = id();
    await claimed(store, at, lease({ retentionMs: 0 }));
    equal((await store.look(at)).record?.expired, false);
    equal((await elsewhere.claim(at, lease())).lease, undefined);
    deepEqual(await store.purge(10, MINUTE_MS), { records: 0, events: 0 });
    equal(await elsewhere.transact(at, async () => record()), 'overtaken');
  });

  it('a claim whose key is out of its time is refused, unless its record is there', async ({ store }) => {
    const { now } = await store.look(id());
    for (const bornAt of [now.getTime() - 2 * MINUTE_MS, now.getTime() + 60 * MINUTE_MS]) {
      equal((await store.claim(id(), lease({ bornAt }))).lease, undefined);
    }
    const at = id();
    await store.release(await claimed(store, at, lease()));
    ok((await store.claim(at, lease({ bornAt: now.getTime() - 2 * MINUTE_MS }))).lease);
  });

  it('steps are kept by execution, the first end of each for good', async ({ store, other: elsewhere }) => {
    const at = id();
    const first = await claimed(store, at, lease());
    deepEqual(await store.finishStep(first, 'push', '1'), { result: '1' });
    deepEqual(await store.finishStep(first, 'push', '2'), { result: '1' });
    deepEqual(await store.finishStep(first, 'nothing', null), { result: null });
    await store.release(first);
    const second = await claimed(elsewhere, at, lease());
    deepEqual(Object.fromEntries(await elsewhere.steps(second)), { push: '1', nothing: null });
    deepEqual(Object.fromEntries(await store.steps(await claimed(store, id(), lease()))), {});
  });

  it('steps of an execution that is over are not the next one’s, and none are left behind', async ({ store }) => {
    const [claimedAgain, transacted] = [id(), id()];
    for (const at of [claimedAgain, transacted]) {
      const old = await claimed(store, at, lease({ retentionMs: 0, leaseMs: 1 }));
      await store.finishStep(old, 'push', '1');
      await sleep(20);
      const next = at === claimedAgain ? await claimed(store, at, lease()) : undefined;
      if (!next) equal(await store.transact(at, async () => record()), 'recorded');
      else deepEqual(Object.fromEntries(await store.steps(next)), {});
      deepEqual(Object.fromEntries(await store.steps(old)), {});
    }
  });

  it('a step’s writes and its end are committed together, or not at all', async (under) => {
    const { store, effects } = under;
    const at = id();
    const got = await claimed(store, at, lease());
    const writing = (result: string) => async (tx: Tx) => {
      await effects?.write(tx);
      return result;
    };
    equal(await store.transactStep(got, 'book', writing('1')), true);
    deepEqual(Object.fromEntries(await store.steps(got)), { book: '1' });
    const failed = store.transactStep(got, 'fail', async (tx) => {
      await effects?.write(tx);
      throw new Error('no');
    });
    equal(await failed.catch((error: Error) => error.message), 'no');
    await store.release(got);
    await claimed(store, at, lease());
    equal(await store.transactStep(got, 'late', writing('2')), false);
    if (effects) equal(await effects.count(), 1);
  });

  it('a dedupe key has one holder, until it is settled by its own execution', async ({ store, other: elsewhere }) => {
    const dedupe = { key: 'file', forMs: undefined };
    const asked = { operation, key: 'file' };
    const first = record({ dedupe });
    await store.transact(id(), async () => first, asked);
    const seen = await elsewhere.transact(
      id(),
      async ({ holder }) => {
        equal(holder?.executionId, first.executionId);
        return record({ dedupe });
      },
      asked,
    );
    equal(seen, 'overtaken');
    equal((await elsewhere.claim(id(), lease({ dedupe }))).holder?.executionId, first.executionId);
    ok((await elsewhere.claim(id(), lease({ dedupe, operation: 'another' }))).lease);
    ok((await elsewhere.claim(id(undefined, 'bob'), lease({ dedupe }))).lease);

    equal(await store.settle(createKey(), 'succeeded'), false);
    equal(await elsewhere.settle(first.executionId, 'succeeded'), true);
    equal(await store.settle(first.executionId, 'succeeded'), false);
    const second = record({ dedupe });
    equal(await store.transact(id(), async ({ holder }) => (holder ? undefined : second), asked), 'recorded');
    equal(await store.settle(first.executionId, 'succeeded'), false); // not the new one's
    equal((await elsewhere.claim(id(), lease({ dedupe }))).holder?.executionId, second.executionId);
  });

  it('a dedupe key that is held for a time ends with it, and settling does not shorten it', async ({ store }) => {
    const dedupe = { key: 'file', forMs: SHORT_MS };
    const first = record({ dedupe });
    await store.transact(id(), async () => first, { operation, key: 'file' });
    equal(await store.settle(first.executionId, 'succeeded'), false);
    ok((await store.claim(id(), lease({ dedupe }))).holder);
    await sleep(SHORT_MS + 20);
    ok((await store.claim(id(), lease({ dedupe }))).lease);
  });

  it('a dedupe key of an owner that is gone is free, and its takeover asks for it again', async ({ store }) => {
    const dedupe = { key: 'file', forMs: undefined };
    const at = id();
    await store.release(await claimed(store, at, lease({ dedupe })));
    const next = await claimed(store, id(), lease({ dedupe }));
    equal((await store.claim(at, lease({ dedupe }))).holder?.executionId, next.executionId);
    await store.complete(next, success);
    ok((await store.claim(at, lease({ dedupe }))).lease);
  });

  it('an end keeps its dedupe key where it is told to', async ({ store }) => {
    const dedupe = { key: 'file', forMs: undefined };
    const got = await claimed(store, id(), lease({ dedupe }));
    await store.complete(got, { ...success, keepsDedupe: true });
    ok((await store.claim(id(), lease({ dedupe }))).holder);
    await store.settle(got.executionId, 'failed');
    ok((await store.claim(id(), lease({ dedupe }))).lease);
  });

  it('an unseen key is abandoned for good, and what has happened is not', async ({ store, other: elsewhere }) => {
    const at = id();
    const first = await store.abandon(at, { retentionMs: MINUTE_MS });
    equal(first.abandoned, true);
    equal(first.record?.state, 'abandoned');
    equal((await store.abandon(at, { retentionMs: MINUTE_MS })).abandoned, false);
    equal(await elsewhere.transact(at, async () => record()), 'overtaken');
    equal((await elsewhere.claim(at, lease())).lease, undefined);

    const done = id();
    await store.transact(done, async () => record());
    const second = await store.abandon(done, { retentionMs: MINUTE_MS });
    equal(second.abandoned, false);
    equal(second.record?.state, 'succeeded');
  });

  it('a claim is abandoned once its owner is gone, and not before', async ({ store }) => {
    const at = id();
    const got = await claimed(store, at, lease());
    equal((await store.abandon(at, { retentionMs: MINUTE_MS })).abandoned, false);
    await store.release(got);
    equal((await store.abandon(at, { retentionMs: MINUTE_MS })).abandoned, true);
    equal(await store.complete(got, success), false);
    equal((await store.claim(at, lease())).lease, undefined);
  });

  it('a transaction that began before its key was abandoned cannot commit', async (under) => {
    const { store, other: elsewhere, effects, isConcurrent = true } = under;
    if (!isConcurrent) return;
    const at = id();
    const end = await store.transact(at, async ({ tx }) => {
      await effects?.write(tx);
      equal((await elsewhere.abandon(at, { retentionMs: MINUTE_MS })).abandoned, true);
      return record();
    });
    equal(end, 'overtaken');
    equal((await effects?.count()) ?? 0, 0);
  });

  it('a purge takes what has expired, so many at a time, with its steps, and nothing else', async ({ store }) => {
    const live = id();
    await store.transact(live, async () => record());
    const expired = id();
    await store.finishStep(await claimed(store, expired, lease({ retentionMs: 0, leaseMs: 1 })), 'push', '1');
    for (let i = 0; i < 4; i++) await store.transact(id(), async () => record({ retentionMs: 0 }));
    await sleep(20);
    equal((await store.purge(3, MINUTE_MS)).records, 3);
    equal((await store.purge(3, MINUTE_MS)).records, 2);
    equal((await store.purge(3, MINUTE_MS)).records, 0);
    ok((await store.look(live)).record);
    equal((await store.look(expired)).record, undefined);
  });
}
