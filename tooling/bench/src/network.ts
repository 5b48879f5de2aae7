import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Answer, Question } from './network-worker.ts';

/** A way to servers on this machine that takes its time, and counts. */
export interface Network extends AsyncDisposable {
  /** The same URL, by this way. */
  reach(direct: string): Promise<string>;
  /** Flights since the last time, to all that is reached: how often a client waited for an answer before it sent on. */
  flights(): Promise<number>;
}

/** @param roundTripMs what it takes there and back */
export async function startNetwork(roundTripMs: number): Promise<Network> {
  // In a thread of its own: it must not share the loop of what is measured.
  const worker = new Worker(new URL('./network-worker.ts', import.meta.url), {
    workerData: { oneWayMs: roundTripMs / 2 },
  });
  let last = Promise.resolve<unknown>(undefined);
  const ask = (question: Question): Promise<Answer> => {
    const answer = last.then(async () => {
      worker.postMessage(question);
      const [value] = (await once(worker, 'message')) as [Answer];
      return value;
    });
    last = answer.catch(() => {});
    return answer;
  };
  return {
    async reach(direct) {
      const url = new URL(direct);
      url.port = String(await ask({ ask: 'way', to: Number(url.port) }));
      return url.href;
    },
    flights: () => ask({ ask: 'flights' }),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
