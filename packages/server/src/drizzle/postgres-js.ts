import { PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js/session';
import { NoAnswer, withinTime } from './answer-time.ts';
import type { Run } from './statement.ts';
import { all, BodyFailure, orFailure, type Transact } from './transaction.ts';

/**
 * postgres.js as far as it is used here. `unsafe` takes the internal option `onexecute`, with which its own `begin`
 * learns which connection it got; without it everything works but the notice of a lost connection.
 */
interface Client {
  readonly options: { readonly prepare?: boolean; readonly fetch_types?: boolean };
  unsafe(text: string, params?: readonly unknown[], options?: object): Query;
  reserve(): Promise<ReservedConnection>;
}
interface ReservedConnection extends Pick<Client, 'unsafe'> {
  release(): void;
}
type Rows = Promise<readonly Readonly<Record<string, unknown>>[]>;
/** A statement on its way; `values` asks for rows as arrays. */
type Sent = Rows & { values(): Rows };
/** postgres.js sends nothing before it is asked to. */
type Query = Sent & { execute(): unknown };
interface DriverConnection {
  onclose: ((error: Error) => void) | null;
  /** Ends the socket, without waiting for an answer. */
  terminate(): void;
}

type SessionArguments = ConstructorParameters<typeof PostgresJsSession>;
interface DatabaseInternals {
  readonly dialect: SessionArguments[1];
  readonly session: { readonly client: unknown; readonly schema: SessionArguments[2]; readonly options: object };
}

/** Drizzle's internals, if the database is one of postgres.js and not itself a transaction. */
export function postgresJsInternals(db: object): (DatabaseInternals & { readonly client: Client }) | undefined {
  const { session, dialect } = db as DatabaseInternals;
  if (!(session instanceof PostgresJsSession)) return undefined;
  const { client } = session as { client: Partial<Client> | undefined };
  if (typeof client?.reserve !== 'function') return undefined;
  // It never gives a connection that it had to open for `reserve` (3.4), and without one a transaction that loses its own
  // goes on outside of any.
  if (client.options?.fetch_types === false) {
    throw new RangeError('drizzleStore: postgres.js cannot reserve connections with fetch_types: false. Leave it out.');
  }
  return { session, dialect, client: client as Client };
}

/** Runs statements outside of any transaction: prepared, in one flight, where Drizzle would ask for each to be described first. */
export function runOnPostgresJs({ client }: NonNullable<ReturnType<typeof postgresJsInternals>>): Run {
  const options = { prepare: isPreparing(client) };
  return async ({ text, params }) => client.unsafe(text, params, options);
}

/** Behind a pooler in transaction mode it is told not to. */
function isPreparing({ options }: Client): boolean {
  return options.prepare !== false;
}

/**
 * Transactions on a connection of their own, in as many flights as unprotected ones: BEGIN and what opens it go out
 * together, and so do what closes it and COMMIT.
 *
 * It also closes what `db.transaction` leaves open in postgres.js 3.4: when the server ends a connection (failover,
 * `idle_in_transaction_session_timeout`), a handler that goes on would write to a null socket, which ends the process,
 * or to the connection that took its place, *outside of any transaction*, so that a retry would be a second effect.
 *
 * @param answerMs how long the database may take to answer a statement of the store's own
 */
export function transactOnPostgresJs<Tx>(
  { client, dialect, session }: NonNullable<ReturnType<typeof postgresJsInternals>>,
  answerMs: number,
): Transact<Tx> {
  return async (plan) => {
    let isEnding = false;
    const reserved = await withinTime(answerMs, client.reserve(), (late) => late.release());
    const connection = new GuardedConnection(reserved, isPreparing(client), answerMs);
    const run: Run = (statement) => connection.own(statement.text, statement.params);
    try {
      const opening = connection.inTime(all([connection.begin(), plan.open(run)]));
      const inner = new PostgresJsSession(connection as never, dialect, session.schema, session.options);
      const tx = new PostgresJsTransaction(dialect, inner as never, session.schema) as unknown as Tx;
      plan.early?.(tx);
      const [, opened] = await opening;
      const close = await connection.untilLost(orFailure(plan.body(tx, opened)));
      connection.refuseAborted();
      if (!close) {
        // Nothing was written: whoever asked need not wait for the end, the connection does.
        isEnding = true;
        const ended = connection.inTime(connection.finish('rollback')).catch(() => {});
        void ended.then(() => connection.release());
        return false;
      }
      // If what closes it fails, the transaction is aborted and COMMIT rolls it back: they can go out in one flight.
      await connection.inTime(all([close(run), connection.finish('commit')]));
      return true;
    } catch (error) {
      await connection.inTime(connection.finish('rollback')).catch(() => {});
      throw error;
    } finally {
      if (!isEnding) connection.release();
    }
  };
}

/** A connection that nothing is sent on once it is lost or its transaction is over. */
class GuardedConnection {
  readonly #connection: ReservedConnection;
  readonly #prepare: boolean;
  readonly #answerMs: number;
  readonly #lost: Promise<never>;
  #isLost = false;
  #isOver = false;
  #isFinished = false;
  #savepoints = 0;
  #failed: { readonly error: unknown } | undefined;
  #lose: (error: Error) => void = () => {};
  #driver: DriverConnection | undefined;

  constructor(connection: ReservedConnection, prepare: boolean, answerMs: number) {
    this.#connection = connection;
    this.#prepare = prepare;
    this.#answerMs = answerMs;
    this.#lost = new Promise((_, reject) => {
      this.#lose = (error) => {
        this.#isLost = true;
        reject(error);
      };
    });
    this.#lost.catch(() => {}); // nobody may be waiting when it happens
  }

  begin(): Rows {
    const onexecute = (connection: DriverConnection) => {
      // Called by the driver as soon as the socket is gone, before any waiting query learns of it.
      connection.onclose = this.#lose;
      this.#driver = connection;
      return true;
    };
    return this.#send(() => this.#connection.unsafe('begin', [], { onexecute }));
  }

  /** A statement of the store's own: prepared. */
  own(text: string, params: readonly unknown[]): Rows {
    return this.#send(() => this.#connection.unsafe(text, params, { prepare: this.#prepare }));
  }

  /** What Drizzle's session sends the handler's statements through. */
  unsafe(text: string, params?: readonly unknown[], options?: object): Sent {
    const query = this.#send(() => this.#connection.unsafe(text, params, options));
    query.catch((error: unknown) => {
      this.#failed ??= { error };
    });
    return query;
  }

  /** What Drizzle's nested `tx.transaction` asks for. */
  async savepoint<T>(run: (connection: this) => Promise<T>): Promise<T> {
    const name = `oncekey_${this.#savepoints++}`;
    await this.unsafe(`savepoint ${name}`);
    try {
      const result = await run(this);
      await this.unsafe(`release savepoint ${name}`);
      return result;
    } catch (error) {
      await this.unsafe(`rollback to savepoint ${name}`);
      this.#failed = undefined;
      throw error;
    }
  }

  /** Fails as soon as the connection is lost, though the work goes on: what it then sends is refused. */
  untilLost<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return Promise.race([work, this.#lost]);
  }

  /** Ends the transaction, once. */
  async finish(how: 'commit' | 'rollback'): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const ended = this.#send(() => this.#connection.unsafe(how));
    this.#isOver = true;
    await ended;
  }

  /**
   * A statement that failed has aborted the transaction, whether or not the handler looked: its error says more than
   * "current transaction is aborted" would.
   */
  refuseAborted(): void {
    if (this.#failed) throw new BodyFailure(this.#failed.error);
  }

  /** A lost connection went back to the pool by itself; handing it over again would put a dead one in line. */
  release(): void {
    this.#isOver = true;
    if (!this.#isLost) this.#connection.release();
  }

  /** A socket that fell silent would hold the request, and its place in the pool, for as long as TCP believes in it. */
  async inTime<T>(answer: Promise<T>): Promise<T> {
    try {
      return await withinTime(this.#answerMs, answer);
    } catch (error) {
      if (error instanceof NoAnswer) {
        this.#driver?.terminate();
        this.#lose(error);
      }
      throw error;
    }
  }

  #send(send: () => Query): Sent {
    if (this.#isLost) return refused('CONNECTION_CLOSED', 'The transaction’s connection was lost; nothing was sent.');
    if (this.#isOver)
      return refused('TRANSACTION_OVER', 'The transaction is over; await its statements in the handler.');
    const query = send();
    // Queries are lazy: sent now, they go out in the order of the calls, and BEGIN before what belongs into it.
    query.execute();
    // The driver forgets statements that were still in line when the socket went.
    const answer = this.untilLost(query);
    return Object.assign(answer, {
      values: () => {
        query.values();
        return answer;
      },
    });
  }
}

function refused(code: string, message: string): Sent {
  const query = Promise.reject(Object.assign(new Error(message), { code }));
  return Object.assign(query, { values: () => query });
}
