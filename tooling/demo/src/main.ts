import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { runDemo } from './run-demo.ts';

const root = join(import.meta.dirname, '../../..');

// exit, not exitCode: a socket that lingers must not keep a demo that has stopped.
process.exit(
  await runDemo({
    data: join(root, '.data'),
    serverEntry: join(root, 'apps/server/src/main.ts'),
    companions: {
      'outside world': join(root, 'apps/outside/src/main.ts'),
      worker: join(root, 'apps/server/src/worker.ts'),
    },
    prepare: (signal) => buildPages(root, signal),
  }),
);
