import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartProblem } from './start-problem.ts';

/** The port that PORT names. Default: 3000. */
export function readPort(value: string | undefined): number {
  const port = Number(value || '3000');
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new StartProblem(`PORT must be a number from 1 to 65535, not "${value}".`);
}

/**
 * Makes sure that nothing else is what a browser would find at `localhost:port`: not only our own address is tried but
 * also IPv6's, which browsers prefer, and the wildcard, since some systems let a second program bind beside it.
 */
export async function refuseOccupiedPort(port: number): Promise<void> {
  for (const host of ['127.0.0.1', '::1', '0.0.0.0']) {
    const code = await tryToListen(port, host);
    if (code === 'EADDRINUSE') {
      const other = port < 65_535 ? port + 1 : 3000;
      throw new StartProblem(
        `Port ${port} is in use by another program: stop that one, or choose a port with \`PORT=${other} npx -y pnpm@12.21.0 demo\`.`,
      );
    }
    if (code === 'EACCES') {
      throw new StartProblem(
        `Port ${port} needs rights that this user lacks: choose one above 1023 with \`PORT=3000 npx -y pnpm@12.21.0 demo\`.`,
      );
    }
  }
}

async function tryToListen(port: number, host: string): Promise<string | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
  probe.close();
  await once(probe, 'close');
  return undefined;
}

/** One that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
