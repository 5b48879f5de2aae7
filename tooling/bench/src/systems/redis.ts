import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotRun } from './system.ts';

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

/** A Redis that loses nothing it has confirmed, as PostgreSQL does: every write is flushed. */
export async function startRedis() {
  if (!program) throw new CannotRun('redis-server is not installed');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  const dir = mkdtempSync(join(tmpdir(), 'oncekey-bench-redis-'));
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durable], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const end = () => {
    child.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  // It is not in our hands any more when the run is interrupted, and nobody else would end it.
  process.once('exit', end);
  for (let tries = 0; tries < 200 && !(await isListening(port)); tries++) await sleep(20);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', end);
      child.kill();
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
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
