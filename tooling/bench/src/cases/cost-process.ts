/** One system, alone in a process: what its requests cost it. */
import { createKey } from '@oncekey/core';
import { environment, reasonOf } from '../contest.ts';
import { SYSTEMS } from '../systems/all.ts';

/** Of one request. */
export interface Cost {
  readonly cpu_us: number;
  /** By how much the process grew. */
  readonly rss_bytes: number;
  /** What is still held after a collection: caches, or a leak. */
  readonly heap_bytes: number;
  readonly [name: string]: number;
}

const CONCURRENCY = 16;
const [, , url = '', name = '', ms = '0'] = process.argv;
// On a failure, and if the bench is gone, this has nothing to wait for.
process.once('disconnect', () => process.exit());
process.send?.(await measure().catch((error: unknown) => ({ why: reasonOf(error) })));
process.disconnect();

async function measure(): Promise<Cost> {
  const spec = SYSTEMS.find((each) => each.name === name);
  if (!spec) throw new Error(`there is no ${name}`);
  await using system = await spec.create(environment(url, 'a small note', CONCURRENCY));
  await run(Number(ms)); // compiled, connected, and its pools filled
  globalThis.gc?.();
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  const requests = await run(Number(ms));
  const { user, system: kernel } = process.cpuUsage(cpu);
  const rss = process.memoryUsage.rss() - memory.rss;
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed - memory.heapUsed;
  return { cpu_us: (user + kernel) / requests, rss_bytes: rss / requests, heap_bytes: heap / requests };

  async function run(forMs: number): Promise<number> {
    const end = performance.now() + forMs;
    let done = 0;
    const work = async () => {
      for (; performance.now() < end; done++) await system.first(createKey());
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return done;
  }
}
