import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** A way to the database that takes its time, and counts. */
export interface Network extends AsyncDisposable {
  url(direct: string): string;
  /** Flights since the last time: how often the client had to wait for an answer before it sent on. */
  flights(): Promise<number>;
}

/** @param roundTripMs what it takes there and back */
export async function startNetwork(target: string, roundTripMs: number): Promise<Network> {
  // In a thread of its own: it must not share the loop of what is measured.
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { port: Number(new URL(target).port), oneWayMs: roundTripMs / 2 },
  });
  const [port] = (await once(worker, 'message')) as [number];
  return {
    url(direct) {
      const url = new URL(direct);
      url.port = String(port);
      return url.href;
    },
    async flights() {
      worker.postMessage('flights');
      const [flights] = (await once(worker, 'message')) as [number];
      return flights;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

async function serve({ port, oneWayMs }: { port: number; oneWayMs: number }): Promise<void> {
  const count = new FlightCount();
  const server = createServer((client) => {
    const database = connect({ port, host: '127.0.0.1' });
    for (const [from, to, isClient] of [
      [client, database, true],
      [database, client, false],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      const side = count.connection(client);
      from.on('data', async (piece: Buffer) => {
        side.piece(isClient);
        if (oneWayMs > 0) await sleep(oneWayMs); // timers of one length fire in their order
        if (!to.destroyed) to.write(piece);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  parentPort?.postMessage((server.address() as AddressInfo).port);
  parentPort?.on('message', () => parentPort?.postMessage(count.take()));
}

/** A flight begins with the first piece of a client's after an answer. */
export class FlightCount {
  readonly #sides = new Map<object, { piece(isClient: boolean): void }>();
  #flights = 0;

  connection(of: object): { piece(isClient: boolean): void } {
    const known = this.#sides.get(of);
    if (known) return known;
    let isWaiting = false;
    const side = {
      piece: (isClient: boolean) => {
        if (isClient && !isWaiting) this.#flights++;
        isWaiting = isClient;
      },
    };
    this.#sides.set(of, side);
    return side;
  }

  take(): number {
    const flights = this.#flights;
    this.#flights = 0;
    return flights;
  }
}

if (!isMainThread && workerData?.oneWayMs !== undefined) await serve(workerData);
