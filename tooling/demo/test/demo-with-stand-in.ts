// The demo as main.ts runs it, with a stand-in for its server.
import { join } from 'node:path';
import { runDemo } from '../src/run-demo.ts';

process.exit(
  await runDemo({
    data: process.argv[2] ?? '',
    serverEntry: join(import.meta.dirname, 'stand-in-server.ts'),
    prepare: async () => {},
  }),
);
