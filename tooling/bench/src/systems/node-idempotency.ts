import { Idempotency } from '@node-idempotency/core';
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis';
import { open } from './database.ts';
import { startRedis } from './redis.ts';
import { type SystemSpec, versionOf } from './system.ts';

/** Records in Redis, effects in PostgreSQL: two systems, and a crash between them. */
export const nodeIdempotency: SystemSpec = {
  name: '@node-idempotency/core',
  version: `${versionOf('@node-idempotency/core')}, Redis`,
  isOnPostgres: false,
  async create({ url, reach, note, effect, connections }) {
    const redis = await startRedis();
    const storage = new RedisStorageAdapter({ url: await reach(redis.url) });
    await storage.connect();
    const idempotency = new Idempotency(storage, {
      cacheTTLMS: 86_400_000,
      enforceIdempotency: true,
      // A duplicate waits for the first, as oncekey's does; without this it is refused.
      inProgressStrategy: { wait: true, pollingIntervalMs: 20, maxWaitMs: 10_000 },
    });
    const pool = open(url, connections);
    const run = async (key: string) => {
      const request = {
        method: 'POST',
        path: '/effect',
        headers: { 'idempotency-key': key },
        body: { note: note.length },
      };
      const known = await idempotency.onRequest(request);
      if (known) return JSON.parse(String(known.body));
      const body = await pool.db.transaction((tx) => effect(tx));
      await idempotency.onResponse(request, { body: JSON.stringify(body), statusCode: 200 } as never);
      return body;
    };
    return {
      first: run,
      replay: run,
      async [Symbol.asyncDispose]() {
        await storage.disconnect();
        await pool[Symbol.asyncDispose]();
        await redis[Symbol.asyncDispose]();
      },
    };
  },
};
