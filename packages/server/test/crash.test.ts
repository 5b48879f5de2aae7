import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { count, createApp, freshDatabase, insertEffect } from './fixture.ts';

it('a process killed in the middle of a handler leaves nothing, and the same key runs at once, to one effect', async () => {
  await using database = await freshDatabase();
  const doomed = spawn(
    process.execPath,
    [fileURLToPath(new URL('doomed-process.ts', import.meta.url)), database.url, 'k'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(doomed.stdout, 'data'); // its row is written, not committed
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');

  const app = createApp(database.db);
  const router = app.t.router({
    add: app.user
      .input((raw) => String(raw))
      .concat(app.idempotency.transactional())
      .mutation(({ ctx, input }) => insertEffect(ctx.db, input)),
  });
  const add = () => app.t.createCallerFactory(router)(app.contextOf('k')).add('hello');
  const answer = await add(); // IN_PROGRESS, if the dead one still blocked the key
  expect(await add()).toBe(answer);
  expect(await count(database.db, 'effects')).toBe(1);
  expect(await count(database.db, 'oncekey_records')).toBe(1);
});
