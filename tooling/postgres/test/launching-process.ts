// Starts a server over the folder given and tells its pid. The test kills this process.
import { startPostgres } from '../src/index.ts';

const { pid, url } = await startPostgres({ dir: process.argv[2] ?? '', durable: true });
process.stdout.write(`${JSON.stringify({ pid, url })}\n`);
if (process.argv[3] === 'and-exit') process.exit(0);
