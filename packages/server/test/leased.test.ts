import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKey, isOncekeyError } from '@oncekey/core';
import { TRPCError } from '@trpc/server';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { drizzleStore } from '../src/drizzle/index.ts';
import { aesGcm, type IdempotencyEvent, type InputOptions, type LeasedOptions } from '../src/index.ts';
import type { LeasedIdempotency } from '../src/trpc/protected.ts';
import { type Ctx, connect, count, createApp, type Db, freshDatabase, gate, insertEffect, until } from './fixture.ts';

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];
type Handler = (idempotency: LeasedIdempotency<Tx>, db: Db) => Promise<unknown>;

/** A process with one leased mutation. */
function leasedApp(db: Db, handler: Handler, options: LeasedOptions<InputOptions<Ctx>> = {}) {
  const app = createApp(db, { store: drizzleStore(db, { events: 'all' }) });
  const events: IdempotencyEvent[] = [];
  app.idempotency.listen((event) => events.push(event));
  const router = app.t.router({
    pay: app.user
      .input((raw) => raw as string)
      .concat(app.idempotency.leased(options))
      .mutation(({ ctx }) => handler(ctx.idempotency, ctx.db)),
  });
  const pay = (key: string, input = 'rent', person?: string) =>
    app.t.createCallerFactory(router)(app.contextOf(key, person)).pay(input);
  return { pay, events, kinds: () => events.map(({ kind }) => kind), idempotency: app.idempotency };
}

/** What a dead process leaves behind: a claim whose lease is over. */
async function ownerDies(db: Db, key: string) {
  await db.execute(sql`update oncekey_records set lease_expires_at = now() where key = ${key} and state = 'running'`);
}

async function kindsOf(db: Db): Promise<string[]> {
  const rows = await db.execute<{ kind: string }>(sql`select kind from oncekey_events order by id`);
  return Array.from(rows, ({ kind }) => kind);
}

describe('a leased mutation', () => {
  it('runs once a key, and a retry gets the first answer, Dates and all', async () => {
    await using database = await freshDatabase();
    const app = leasedApp(database.db, async ({ executionId, attempt }, db) => ({
      id: await insertEffect(db, 'paid'),
      executionId,
      attempt,
      at: new Date(5),
    }));
    const key = createKey();
    const first = await app.pay(key);
    expect(await app.pay(key)).toEqual(first);
    expect(first).toMatchObject({ attempt: 1, at: new Date(5) });
    expect(await count(database.db, 'effects')).toBe(1);
    expect(await kindsOf(database.db)).toEqual(['claimed', 'succeeded', 'replayed']);
    expect(app.kinds()).toEqual(['claimed', 'succeeded', 'replayed']);
  });

  it('runs once for many at once, in one process and in others', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const handler: Handler = async (_, db) => {
      await sleep(50);
      return insertEffect(db, 'paid');
    };
    const apps = [leasedApp(database.db, handler), leasedApp(otherPool.db, handler)];
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => apps[i % 2]?.pay('k')));
    expect(new Set(answers).size).toBe(1);
    expect(await count(database.db, 'effects')).toBe(1);
  });

  it('refuses other input under the key while it runs, and the same after a wait', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const leave = gate();
    const handler: Handler = async () => {
      inside.open();
      await leave.opened;
    };
    const running = leasedApp(database.db, handler).pay('k');
    await inside.opened;
    const other = leasedApp(otherPool.db, handler, { wait: '50ms' });
    await expect(other.pay('k', 'other')).rejects.toSatisfy((error) => isOncekeyError(error, 'KEY_REUSED'));
    await expect(other.pay('k')).rejects.toSatisfy((error) => isOncekeyError(error, 'IN_PROGRESS'));
    leave.open();
    await running;
  });
});

describe('an owner that dies', () => {
  it('is followed by the next attempt, under the same execution and a higher fence, and its late end changes nothing (it overwrote the new owner’s result)', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const leave = gate();
    const first = leasedApp(database.db, async ({ executionId }) => {
      inside.open();
      await leave.opened;
      return { by: 'old', executionId };
    });
    const late = first.pay('k');
    await inside.opened;
    await ownerDies(database.db, 'k');

    const second = leasedApp(otherPool.db, async ({ executionId, attempt }) => ({ by: 'new', executionId, attempt }));
    const answer = await second.pay('k');
    expect(answer).toMatchObject({ by: 'new', attempt: 2 });
    expect(second.kinds()).toEqual(['taken-over', 'succeeded']);

    leave.open();
    expect(await late).toEqual(answer); // the new owner's answer, not its own
    expect(await second.pay('k')).toEqual(answer);
    expect(first.kinds()).toContain('lease-lost');
  });

  it('cannot end it by a late failure either (a late failure deleted the new owner’s record)', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const leave = gate();
    const late = leasedApp(database.db, async () => {
      inside.open();
      await leave.opened;
      throw new Error('late');
    }).pay('k');
    await inside.opened;
    await ownerDies(database.db, 'k');
    const insideNew = gate();
    const leaveNew = gate();
    let runs = 0;
    const second = leasedApp(otherPool.db, async () => {
      runs++;
      insideNew.open();
      await leaveNew.opened;
      return 'new';
    });
    const answer = second.pay('k');
    await insideNew.opened;
    leave.open();
    await expect(late).rejects.toThrow('late');
    const joined = second.pay('k');
    leaveNew.open();
    expect(await Promise.all([answer, joined])).toEqual(['new', 'new']);
    expect(runs).toBe(1);
  });

  it('raises the fence with each takeover, and never starts it again at 1', async () => {
    await using database = await freshDatabase();
    const attempts: number[] = [];
    const app = leasedApp(database.db, async ({ attempt }) => {
      attempts.push(attempt);
      if (attempts.length < 4) throw new Error('not yet');
      return 'done';
    });
    for (let i = 0; i < 3; i++) await expect(app.pay('k')).rejects.toThrow('not yet');
    expect(await app.pay('k')).toBe('done');
    await database.db.execute(sql`update oncekey_records set expires_at = now()`);
    await app.pay('k');
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a lease', () => {
  it('is kept for as long as the handler runs: no takeover by age (a live record was reclaimed: two executions)', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    let runs = 0;
    const handler: Handler = async () => {
      runs++;
      await sleep(2_500);
      return runs;
    };
    const slow = leasedApp(database.db, handler, { lease: '1s' }).pay('k');
    await sleep(1_500);
    const duplicate = leasedApp(otherPool.db, handler, { lease: '1s' }).pay('k');
    expect(await Promise.all([slow, duplicate])).toEqual([1, 1]);
  });

  it('that is lost aborts the signal, and stops the heartbeat (one leaked and renewed forever)', async () => {
    await using database = await freshDatabase();
    const inside = gate();
    const seen: unknown[] = [];
    const app = leasedApp(
      database.db,
      async ({ signal }) => {
        inside.open();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.push(signal.reason);
      },
      { lease: '1s' },
    );
    const lost = app.pay('k');
    await inside.opened;
    await database.db.execute(sql`update oncekey_records set attempt = attempt + 1`);
    await expect(lost).rejects.toSatisfy((error) => isOncekeyError(error, 'LEASE_LOST'));
    expect(seen).toEqual([expect.toSatisfy((error) => isOncekeyError(error, 'LEASE_LOST'))]);
    const [before] = await database.db.execute(sql`select lease_expires_at from oncekey_records`);
    await sleep(800);
    const [after] = await database.db.execute(sql`select lease_expires_at from oncekey_records`);
    expect(after).toEqual(before);
  });

  it('costs one statement a beat, whatever the number of leases', async () => {
    await using database = await freshDatabase();
    const store = drizzleStore(database.db);
    const renewals: number[] = [];
    const counting = {
      ...store,
      renew: (leases: Parameters<typeof store.renew>[0], ms: number) => {
        renewals.push(leases.length);
        return store.renew(leases, ms);
      },
    };
    const app = createApp(database.db, { store: counting });
    const leave = gate();
    const router = app.t.router({
      pay: app.user.concat(app.idempotency.leased({ lease: '1s' })).mutation(() => leave.opened),
    });
    const all = Array.from({ length: 20 }, (_, i) =>
      app.t
        .createCallerFactory(router)(app.contextOf(`k-${i}`))
        .pay(),
    );
    await sleep(1_200);
    leave.open();
    await Promise.all(all);
    expect(renewals.length).toBeGreaterThanOrEqual(2);
    expect(renewals.length).toBeLessThanOrEqual(4);
    expect(renewals).toContain(20);
  });
});

describe('what a leased handler throws', () => {
  it('is remembered if it is a refusal, with code, message and formatted shape', async () => {
    await using database = await freshDatabase();
    let runs = 0;
    const app = leasedApp(database.db, async () => {
      runs++;
      throw new TRPCError({ code: 'PRECONDITION_FAILED', message: 'The card was declined.' });
    });
    const refused = { code: 'PRECONDITION_FAILED', message: 'The card was declined.' };
    await expect(app.pay('k')).rejects.toMatchObject(refused);
    await expect(app.pay('k')).rejects.toMatchObject(refused);
    expect(runs).toBe(1);
    expect(app.kinds()).toEqual(['claimed', 'failed', 'replayed']);
  });

  it.each([
    ['an error that is no refusal', new Error('the network')],
    ['a 5xx', new TRPCError({ code: 'BAD_GATEWAY' })],
    ['a rate limit', new TRPCError({ code: 'TOO_MANY_REQUESTS' })],
    ['a database conflict', Object.assign(new Error('serialisation'), { code: '40001' })],
  ])('gives the claim back if it is %s: the retry runs at once (a 5xx was cached forever)', async (_, error) => {
    await using database = await freshDatabase();
    let runs = 0;
    const app = leasedApp(database.db, async () => {
      if (++runs === 1) throw error;
      return 'done';
    });
    await expect(app.pay('k')).rejects.toThrow();
    expect(await app.pay('k')).toBe('done');
    expect(app.kinds()).toEqual(['claimed', 'released', 'taken-over', 'succeeded']);
  });

  it('is remembered as `remember` says', async () => {
    await using database = await freshDatabase();
    let runs = 0;
    const app = leasedApp(
      database.db,
      async () => {
        runs++;
        throw new Error('final');
      },
      { remember: (error) => error instanceof Error && error.message === 'final' },
    );
    await expect(app.pay('k')).rejects.toThrow('final');
    await expect(app.pay('k')).rejects.toThrow('final');
    expect(runs).toBe(1);
  });

  it('is RESULT_UNSTORABLE for good where the result cannot be stored: it did happen', async () => {
    await using database = await freshDatabase();
    let runs = 0;
    const app = leasedApp(database.db, async () => ({ run: ++runs, open() {} }));
    for (let i = 0; i < 2; i++) {
      await expect(app.pay('k')).rejects.toSatisfy((error) => isOncekeyError(error, 'RESULT_UNSTORABLE'));
    }
    expect(runs).toBe(1);
  });
});

describe('a step', () => {
  it('that is finished is not run again by the attempt that follows, and its key is the same', async () => {
    await using database = await freshDatabase();
    const pushed: string[] = [];
    let runs = 0;
    const app = leasedApp(database.db, async ({ step }) => {
      const invoice = await step('push', async ({ key }) => {
        pushed.push(key);
        return { at: new Date(7), number: 1 };
      });
      await step('mail', async ({ key }) => {
        pushed.push(key);
        if (++runs === 1) throw new Error('smtp');
      });
      return invoice;
    });
    await expect(app.pay('k')).rejects.toThrow('smtp');
    expect(await app.pay('k')).toEqual({ at: new Date(7), number: 1 });
    expect(pushed).toHaveLength(3);
    expect(pushed[1]).toBe(pushed[2]);
    expect(new Set(pushed).size).toBe(2);
    await app.pay('another');
    expect(new Set(pushed).size).toBe(4);
  });

  it('whose end nobody saw is checked before it is run again', async () => {
    await using database = await freshDatabase();
    const ledger = new Map<string, string>();
    let dies = true;
    let pushes = 0;
    const app = leasedApp(database.db, ({ step }) =>
      step(
        'push',
        async ({ key }) => {
          pushes++;
          ledger.set(key, 'INV-1');
          if (dies) throw new Error('the answer was lost');
          return 'INV-1';
        },
        { check: ({ key }) => ledger.get(key) },
      ),
    );
    await expect(app.pay('k')).rejects.toThrow('lost');
    dies = false;
    expect(await app.pay('k')).toBe('INV-1');
    expect(pushes).toBe(1);
    expect(await app.pay('other')).toBe('INV-1'); // a first attempt has nothing to check
    expect(pushes).toBe(2);
  });

  it('may commit its own writes with its end, and leaves none without', async () => {
    await using database = await freshDatabase();
    let fails = true;
    const app = leasedApp(database.db, async ({ transactionalStep, step }) => {
      const id = await transactionalStep('book', async (tx) => insertEffect(tx, 'booked'));
      await transactionalStep('fail', async (tx) => {
        await insertEffect(tx, 'gone');
        if (fails) throw new Error('no');
      });
      return step('return', () => id);
    });
    await expect(app.pay('k')).rejects.toThrow('no');
    expect(await count(database.db, 'effects')).toBe(1);
    fails = false;
    await app.pay('k');
    expect(await count(database.db, 'effects')).toBe(2);
  });

  it('of an owner that lost its lease is not stored, and a transactional one leaves nothing', async () => {
    await using database = await freshDatabase();
    const inside = gate();
    const leave = gate();
    const ends: unknown[] = [];
    const app = leasedApp(database.db, async ({ step, transactionalStep }) => {
      inside.open();
      await leave.opened;
      await step('plain', () => 1).catch((error: unknown) => ends.push(error));
      await transactionalStep('rows', (tx) => insertEffect(tx, 'stray')).catch((error: unknown) => ends.push(error));
    });
    const lost = app.pay('k').catch(() => {});
    await inside.opened;
    await database.db.execute(sql`update oncekey_records set attempt = attempt + 1`);
    leave.open();
    await lost;
    const isLost = expect.toSatisfy((error) => isOncekeyError(error, 'LEASE_LOST'));
    expect(ends).toEqual([isLost, isLost]);
    expect(await count(database.db, 'effects')).toBe(0);
  });

  it('has a name of its own', async () => {
    await using database = await freshDatabase();
    const app = leasedApp(database.db, async ({ step }) => {
      await step('mail', () => 1);
      await step('mail', () => 2);
    });
    await expect(app.pay('k')).rejects.toThrow('two steps are named "mail"');
  });
});

describe('a server that stops', () => {
  it('lets what runs finish', async () => {
    await using database = await freshDatabase();
    const inside = gate();
    const app = leasedApp(database.db, async () => {
      inside.open();
      await sleep(100);
      return 'done';
    });
    const running = app.pay('k');
    await inside.opened;
    await app.idempotency.close({ within: '5s' });
    expect(await running).toBe('done');
    await expect(app.pay('other')).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
  });

  it('gives back what does not finish in time: the next attempt takes over at once', async () => {
    await using database = await freshDatabase();
    await using otherPool = await connect(database.url, 2);
    const inside = gate();
    const app = leasedApp(database.db, async () => {
      inside.open();
      await new Promise(() => {});
    });
    const stopped = app.pay('k');
    const refused = expect(stopped).rejects.toSatisfy((error) => isOncekeyError(error, 'STORE_UNAVAILABLE'));
    await inside.opened;
    await app.idempotency.close({ within: '50ms' });
    await refused;
    const next = leasedApp(otherPool.db, async ({ attempt }) => attempt, { whenBusy: 'reject' });
    expect(await next.pay('k')).toBe(2);
  });
});

describe('two people with the same key', () => {
  it('each get their own', async () => {
    await using database = await freshDatabase();
    const app = leasedApp(database.db, async ({ executionId }) => executionId);
    expect(await app.pay('k', 'rent', 'alice')).not.toBe(await app.pay('k', 'rent', 'bob'));
    await until(async () => (await count(database.db, 'oncekey_records')) === 2);
  });
});

describe('with results encrypted at rest', () => {
  it('the database holds nothing that can be read, and replays and steps come back', async () => {
    await using database = await freshDatabase();
    const codec = aesGcm({ keys: { a: randomBytes(32) }, current: 'a' });
    const app = createApp(database.db, { codec });
    let runs = 0;
    const router = app.t.router({
      pay: app.user.concat(app.idempotency.leased()).mutation(async ({ ctx }) => {
        const iban = await ctx.idempotency.step('look up', () => ({ iban: 'DE02 1203' }));
        if (++runs === 1) throw new Error('died');
        return { ...iban, at: new Date(5) };
      }),
    });
    const pay = () => app.t.createCallerFactory(router)(app.contextOf('k')).pay();
    await expect(pay()).rejects.toThrow('died');
    const answer = await pay();
    expect(answer).toEqual({ iban: 'DE02 1203', at: new Date(5) });
    expect(await pay()).toEqual(answer);
    const rows = await database.db.execute(
      sql`select r::text as row from oncekey_records r union all select s::text from oncekey_steps s`,
    );
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain('DE02');
  });
});
