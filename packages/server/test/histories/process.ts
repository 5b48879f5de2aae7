/** A process of its own that does what its parent asks for. */
import { connect } from '../fixture.ts';
import { createProcess, type Operation } from './operations.ts';

await using pool = connect(process.argv[2] ?? '', 4);
const run = createProcess(pool.db);
process.on('message', ({ number, operation }: { number: number; operation: Operation }) => {
  void run(operation).then((result) => process.send?.({ number, result }));
});
await new Promise((resolve) => process.once('disconnect', resolve));
