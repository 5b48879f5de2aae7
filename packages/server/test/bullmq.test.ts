import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { expect, it } from 'vitest';
import { count, createApp, freshDatabase, insertEffect, until } from './fixture.ts';

/** Redis is not among what the project brings: BullMQ is tested where it is installed. */
const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'redis-server'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

async function startRedis() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  const dir = mkdtempSync(join(tmpdir(), 'oncekey-redis-'));
  const child = spawn(program ?? '', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''], {
    stdio: 'ignore',
  });
  return {
    connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

it.skipIf(!program)(
  'a BullMQ job that comes twice, to two workers, and fails at its end: its effect is there once',
  async () => {
    await using database = await freshDatabase();
    await using redis = await startRedis();
    const { connection } = redis;
    const { idempotency } = createApp(database.db);
    const queue = new Queue('mail', { connection });
    let attempts = 0;
    const work = (note: string, id: string) =>
      idempotency.execute(
        { mode: 'leased', operation: 'mail.welcome', scope: 'worker', key: id, input: { note }, lease: '1s' },
        async ({ transactionalStep }) => {
          await transactionalStep('send', (tx) => insertEffect(tx, note));
          if (++attempts === 1) throw new Error('died at the worst moment');
        },
      );
    const process = (job: { data: { note: string; id: string } }) => work(job.data.note, job.data.id).then(() => {});
    const workers = [1, 2].map(() => new Worker<{ note: string; id: string }>('mail', process, { connection }));
    try {
      // The intent's own id, not the job's: the same thing may well be queued twice.
      const options = { attempts: 10, backoff: { type: 'fixed', delay: 50 } } as const;
      const jobs = [1, 2].map(() => queue.add('welcome', { note: 'ada@example.com', id: 'welcome-7' }, options));
      await Promise.all(jobs);
      await until(async () => (await queue.getCompletedCount()) === 2);
      expect(await count(database.db, 'effects')).toBe(1);
      expect(attempts).toBe(2);
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
      await queue.close();
    }
  },
);
