import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { seedAgencies } from './agencies/seed.ts';
import { closeDatabase, db, migrateDatabase } from './database.ts';
import { environment } from './environment.ts';
import { createHttpApp } from './http.ts';
import { seedOrders } from './invoices/seed.ts';
import { boss, closeJobs } from './jobs.ts';
import { sessionSecretOf } from './session/secret.ts';

/** How long running requests have when the server is told to stop, in ms. */
const GRACE_MS = 600;

await migrateDatabase();
await seedAgencies(db);
await seedOrders(db);
await boss(); // its tables, before the first job

const app = createHttpApp({
  sessionSecret: environment.sessionSecret ?? (await sessionSecretOf(db)),
  webRoot: fileURLToPath(new URL('../../web/dist', import.meta.url)),
});
/** Listens as soon as this module is loaded. */
export const server = serve({ fetch: app.fetch, hostname: environment.host, port: environment.port });

const stop = async () => {
  setTimeout(() => process.exit(0), GRACE_MS).unref();
  const closed = once(server, 'close');
  server.close();
  // A browser keeps its connections: each is closed as soon as it has its answer.
  const closing = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), 20);
  await closed;
  clearInterval(closing);
  await closeJobs();
  await closeDatabase();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
if (!server.listening) await once(server, 'listening');
