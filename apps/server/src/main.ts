import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { seedAgencies } from './agencies/seed.ts';
import { closeDatabase, db, migrateDatabase } from './database.ts';
import { environment } from './environment.ts';
import { createHttpApp } from './http.ts';
import { sessionSecretOf } from './session/secret.ts';

/** How long running requests have when the server is told to stop, in ms. */
const GRACE_MS = 1_500;

await migrateDatabase();
await seedAgencies(db);

const app = createHttpApp({
  sessionSecret: environment.sessionSecret ?? (await sessionSecretOf(db)),
  webRoot: fileURLToPath(new URL('../../web/dist', import.meta.url)),
});
const server = serve({ fetch: app.fetch, hostname: environment.host, port: environment.port });

const stop = async () => {
  const closed = once(server, 'close');
  server.close();
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  const late = setTimeout(() => process.exit(0), GRACE_MS);
  await closed;
  clearTimeout(late);
  await closeDatabase();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
