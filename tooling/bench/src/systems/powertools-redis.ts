import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { createClient } from '@redis/client';
import { open } from './database.ts';
import { powertoolsOnce } from './powertools-once.ts';
import { startRedis } from './redis.ts';
import { type SystemSpec, versionOf } from './system.ts';

/** Its own layer for Redis. */
export const powertoolsOnRedis: SystemSpec = {
  name: 'Powertools on Redis',
  version: `${versionOf('@aws-lambda-powertools/idempotency')}, its cache layer`,
  isOnPostgres: false,
  async create({ url, reach, effect, connections }) {
    const redis = await startRedis();
    const client = createClient({ url: await reach(redis.url) });
    await client.connect();
    const pool = open(url, connections);
    const once = powertoolsOnce(new CachePersistenceLayer({ client }), () => pool.db.transaction((tx) => effect(tx)));
    return {
      first: once,
      replay: once,
      async [Symbol.asyncDispose]() {
        await client.close();
        await pool[Symbol.asyncDispose]();
        await redis[Symbol.asyncDispose]();
      },
    };
  },
};
