// The demo as `pnpm demo` runs it, with its data in the folder given. The pages have been built by then.
import { join } from 'node:path';
import { runDemo } from '@oncekey/demo';

const apps = join(import.meta.dirname, '../..');

process.exit(
  await runDemo({
    data: process.argv[2] ?? '',
    serverEntry: join(apps, 'server/src/main.ts'),
    companions: {
      'outside world': join(apps, 'outside/src/main.ts'),
      worker: join(apps, 'server/src/worker.ts'),
    },
    prepare: async () => {},
  }),
);
