/** The thread of a network: sockets, delays and the count. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { FlightCount } from './flight-count.ts';

export type Question = { readonly ask: 'flights' } | { readonly ask: 'way'; readonly to: number };
/** A count, or a port. */
export type Answer = number;

const { oneWayMs } = workerData as { oneWayMs: number };
const count = new FlightCount();

parentPort?.on('message', async (question: Question) => {
  parentPort?.postMessage(question.ask === 'flights' ? count.take() : await openWay(question.to));
});

async function openWay(port: number): Promise<number> {
  const server = createServer((client) => {
    const far = connect({ port, host: '127.0.0.1' });
    const { piece } = count.connection();
    carry(client, far, { onSent: () => piece(true) });
    carry(far, client, { onReceived: () => piece(false) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * What comes from the far side counts when it arrives, not when it sets out: what a client says meanwhile is still the
 * same flight.
 */
function carry(from: Socket, to: Socket, on: { onSent?: () => void; onReceived?: () => void }): void {
  from.setNoDelay(true);
  from.on('error', () => to.destroy());
  from.on('data', async (data) => {
    on.onSent?.();
    await travel();
    on.onReceived?.();
    if (to.writable) to.write(data);
  });
  // By the same way as the data, so that it never overtakes the last answer.
  from.on('end', async () => {
    await travel();
    to.end();
  });
}

/** Timers of one length fire in the order in which they were set: pieces travel side by side and stay in line. */
async function travel(): Promise<void> {
  if (oneWayMs > 0) await sleep(oneWayMs);
}
