import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { count, createApp, type Db, freshDatabase, insertEffect, until } from './fixture.ts';

/** PgBouncer is not among what the project brings: it is tested where it is installed. */
const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** In transaction mode, with three server connections for everybody. */
async function startPgBouncer(path: string, databaseUrl: string) {
  const folder = mkdtempSync(join(tmpdir(), 'oncekey-pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const target = new URL(databaseUrl);
  const name = target.pathname.slice(1);
  writeFileSync(join(folder, 'users.txt'), '"postgres" ""\n');
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${name} = host=127.0.0.1 port=${target.port} dbname=${name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 3
`,
  );
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(path, [join(folder, 'pgbouncer.ini')], { ...user, stdio: 'ignore' });
  await until(() => isListening(port));
  return {
    url: `postgres://postgres@127.0.0.1:${port}/${name}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

it.skipIf(!program)('behind PgBouncer in transaction mode: one effect a key, steps and all', async () => {
  await using database = await freshDatabase();
  await using bouncer = await startPgBouncer(program ?? '', database.url);
  // Named statements live in a server connection, which is another's after each transaction.
  const clients = [1, 2].map(() => postgres(bouncer.url, { max: 6, prepare: false, onnotice() {} }));
  const send = clients.map((client) => {
    const db: Db = drizzle(client);
    const app = createApp(db);
    const router = app.t.router({
      add: app.user.concat(app.idempotency.transactional()).mutation(({ ctx }) => insertEffect(ctx.db, 'added')),
      push: app.user
        .concat(app.idempotency.leased())
        .mutation(({ ctx }) => ctx.idempotency.transactionalStep('book', (tx) => insertEffect(tx, 'booked'))),
    });
    return (mode: 'add' | 'push', key: string) => app.t.createCallerFactory(router)(app.contextOf(key))[mode]();
  });
  const calls = Array.from({ length: 60 }, (_, i) => {
    const mode = i % 2 ? 'add' : 'push';
    return { mode, key: `${mode}-${i % 6}`, by: i % 3 ? 0 : 1 } as const;
  });
  const answers = await Promise.all(calls.map(({ mode, key, by }) => send[by]?.(mode, key)));
  const byKey = new Map(calls.map(({ key }, i) => [key, answers[i]]));
  for (const [i, { key }] of calls.entries()) expect(answers[i], key).toBe(byKey.get(key));
  expect(await count(database.db, 'effects')).toBe(6);
  for (const client of clients) await client.end({ timeout: 1 });
});
