import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('second-server-main.ts', import.meta.url));
const MARK = 'DEMO_SECOND_SERVER';

export const isSecondServer = process.env[MARK] !== undefined;

let second: Promise<string> | undefined;

/** Another process of this server over the same database, started when it is first asked for. @returns its address */
export function startSecondServer(): Promise<string> {
  second ??= start();
  return second;
}

export async function handleBySecondServer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const ours of ['host', 'origin', 'connection', 'content-length']) headers.delete(ours); // seen to by this server
  const body = await request.arrayBuffer();
  const url = new URL(pathname + search, await startSecondServer());
  const answer = await fetch(url, { method: request.method, headers, body: body.byteLength > 0 ? body : null });
  return new Response(answer.body, answer); // one whose headers can be added to
}

async function start(): Promise<string> {
  const child = fork(MAIN, { env: { ...process.env, [MARK]: 'yes', HOST: '127.0.0.1', PORT: '0' } });
  const forget = () => {
    second = undefined;
  };
  child.once('exit', forget);
  const url = `http://127.0.0.1:${await portOf(child)}`;
  await fetch(`${url}/healthz`); // connected to its database, and warm
  return url;
}

async function portOf(child: ChildProcess): Promise<number> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the second server ended before it was ready');
  });
  const [port]: [number] = await Promise.race([once(child, 'message') as Promise<[number]>, ended]);
  ended.catch(() => {});
  return port;
}
