/**
 * Counts flights: how often a client had to wait for an answer before it said more. A flight begins with the first piece
 * that a client sends after it has heard something.
 */
export class FlightCount {
  #flights = 0;

  /** A connection's own: `true` for a piece as it leaves the client, `false` for one as it reaches the client. */
  connection(): { piece(isClient: boolean): void } {
    let isWaiting = false;
    return {
      piece: (isClient) => {
        if (isClient && !isWaiting) this.#flights++;
        isWaiting = isClient;
      },
    };
  }

  /** Since the last time. */
  take(): number {
    const flights = this.#flights;
    this.#flights = 0;
    return flights;
  }
}
