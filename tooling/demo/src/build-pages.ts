import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { killGroup } from './running-demo.ts';
import { StartProblem } from './start-problem.ts';

/** Builds the web app and what it needs. Says nothing unless it fails; what has not changed is not built again. */
export async function buildPages(root: string, signal: AbortSignal): Promise<void> {
  const child = spawn(
    join(root, 'node_modules/.bin/turbo'),
    ['run', 'build', '--filter=@oncekey/demo-web', '--output-logs=errors-only'],
    {
      cwd: root,
      detached: true,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const keep = (data: Buffer) => {
    output += data;
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const giveUp = () => child.pid && killGroup(child.pid);
  signal.addEventListener('abort', giveUp);
  try {
    const [code] = await once(child, 'close');
    signal.throwIfAborted();
    if (code !== 0) throw new StartProblem(`${output}\nThe pages could not be built, see above.`);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
