import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the network does to bytes. */
export type Weather =
  | 'fair'
  /** Connections stay open, and nothing gets through: TCP believes in them for minutes. */
  | 'silent'
  /** What the client says arrives, and no answer comes back. */
  | 'deaf';

/** A network between an app and its database, that a test makes fail. */
export interface ProxyServer extends AsyncDisposable {
  /** The same URL, through this network. */
  url(direct: string): string;
  /** From now on, for open connections and new ones. */
  set(weather: Weather): void;
  /** How long each piece of the client's takes, in ms. */
  delay(ms: number): void;
  /** Sends all through to another port: a standby that was promoted. */
  redirect(port: number): void;
  /** Ends every open connection with RST. */
  reset(): void;
  /**
   * Does something once, right before the first piece of the client's that fits goes on: the moment to cut at.
   * @returns when it was done
   */
  before(pattern: RegExp, act: () => void): Promise<void>;
}

/** Starts a proxy on loopback in front of a port. */
export async function startProxy(port: number): Promise<ProxyServer> {
  let target = port;
  let weather: Weather = 'fair';
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const watches = new Set<{ pattern: RegExp; act: () => void }>();

  const server = createServer((client) => {
    const database = connect({ port: target, host: '127.0.0.1' });
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {}); // both ends are told by their own sockets
    }
    client.on('close', () => database.destroy());
    database.on('close', () => {
      // A silent network does not even tell that the other end is gone.
      if (weather === 'fair') client.destroy();
    });
    for (const socket of [client, database]) socket.on('close', () => sockets.delete(socket));

    void carry(client, async (piece) => {
      const text = piece.toString('latin1');
      for (const watch of watches) {
        if (!watch.pattern.test(text)) continue;
        watches.delete(watch);
        watch.act();
      }
      if (delayMs > 0) await sleep(delayMs);
      if (weather !== 'silent') database.write(piece);
    });
    void carry(database, async (piece) => {
      if (weather === 'fair') client.write(piece);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;

  return {
    url(direct) {
      const url = new URL(direct);
      url.host = `127.0.0.1:${own}`;
      return url.href;
    },
    set(next) {
      weather = next;
    },
    delay(ms) {
      delayMs = ms;
    },
    redirect(to) {
      target = to;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    before(pattern, act) {
      return new Promise((resolve) => {
        watches.add({
          pattern,
          act() {
            act();
            resolve();
          },
        });
      });
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** In order, however long one piece takes. */
async function carry(from: Socket, pass: (piece: Buffer) => Promise<void>): Promise<void> {
  try {
    for await (const piece of from) await pass(piece as Buffer);
  } catch {
    // The socket was cut: its end says so to whom it concerns.
  }
}
