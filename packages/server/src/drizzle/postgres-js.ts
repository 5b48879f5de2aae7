import { is } from 'drizzle-orm';
import { PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js/session';
import { type Deadline, endDeadline, NoAnswer, startDeadline, withinTime } from './answer-time.ts';
import { RepeatedStatements } from './repeated-statements.ts';
import { sayOnce } from './say-once.ts';
import { isStalePlan } from './sqlstate.ts';
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
  const { session, dialect } = db as Partial<DatabaseInternals>;
  // By Drizzle's own mark, which is the same in every copy of it.
  if (!session || !is(session as object, PostgresJsSession)) return undefined;
  const client = session.client as Partial<Client> & { readonly savepoint?: unknown };
  if (client.savepoint) return undefined;
  if (!(session instanceof PostgresJsSession) || !dialect || typeof client.reserve !== 'function') {
    sayOnce(
      'ONCEKEY_PORTABLE',
      'drizzleStore does not know this Drizzle or postgres.js: there are two copies of drizzle-orm, or it is a version that it was not made for. Transactions go through db.transaction instead: what is promised holds, at a flight for every statement.',
    );
    return undefined;
  }
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
 * Transactions on a connection of their own, in no more flights than unprotected ones: BEGIN and what opens it go out
 * together, and so do what closes it and COMMIT.
 *
 * It also closes what `db.transaction` leaves open in postgres.js 3.4: when the server ends a connection (failover,
 * `idle_in_transaction_session_timeout`), a handler that goes on would write to a null socket, which ends the process,
 * or to the connection that took its place, *outside of any transaction*, so that a retry would be a second effect.
 *
 * @param answerMs how long the database may take to answer a statement of the store's own
 * @param preparesHandlers whether handlers' statements that come again and again are prepared
 */
export function transactOnPostgresJs<Tx>(
  { client, dialect, session }: NonNullable<ReturnType<typeof postgresJsInternals>>,
  { answerMs, preparesHandlers }: { readonly answerMs: number; readonly preparesHandlers: boolean },
): Transact<Tx> {
  const prepare = isPreparing(client);
  const repeated = prepare && preparesHandlers ? new RepeatedStatements() : undefined;
  return async (plan) => {
    let isEnding = false;
    const reserved = await withinTime(answerMs, client.reserve(), (late) => late.release());
    const connection = new GuardedConnection(reserved, { prepare, repeated, answerMs });
    const run: Run = (statement) => connection.own(statement.text, statement.params);
    try {
      const opening = connection.flight(all([connection.begin(), plan.open(run)]));
      const inner = new PostgresJsSession(connection as never, dialect, session.schema, session.options);
      const tx = new PostgresJsTransaction(dialect, inner as never, session.schema) as unknown as Tx;
      plan.early?.(tx);
      const [, opened] = await opening;
      connection.sayIfUnwatched();
      const close = await connection.untilLost(orFailure(plan.body(tx, opened)));
      connection.refuseAborted();
      if (!close) {
        // Nothing was written: whoever asked need not wait for the end, the connection does.
        isEnding = true;
        const ended = connection.flight(connection.finish('rollback')).catch(() => {});
        void ended.then(() => connection.release());
        return false;
      }
      // If what closes it fails, the transaction is aborted and COMMIT rolls it back: they can go out in one flight.
      await connection.flight(all([close(run), connection.finish('commit')]));
      return true;
    } catch (error) {
      await connection.flight(connection.finish('rollback')).catch(() => {});
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
  readonly #repeated: RepeatedStatements | undefined;
  readonly #answerMs: number;
  /** What fails at once when the connection is lost: the driver forgets what was still in line when the socket went. */
  readonly #waiting = new Set<(error: Error) => void>();
  #lost: Error | undefined;
  #isOver = false;
  #isFinished = false;
  #savepoints = 0;
  #failed: { readonly error: unknown } | undefined;
  #driver: DriverConnection | undefined;

  constructor(
    connection: ReservedConnection,
    options: {
      readonly prepare: boolean;
      readonly repeated: RepeatedStatements | undefined;
      readonly answerMs: number;
    },
  ) {
    this.#connection = connection;
    this.#prepare = options.prepare;
    this.#repeated = options.repeated;
    this.#answerMs = options.answerMs;
  }

  begin(): Rows {
    const onexecute = (connection: DriverConnection) => {
      // Called by the driver as soon as the socket is gone, before any waiting query learns of it.
      connection.onclose = (error) => this.#lose(error);
      this.#driver = connection;
      return true;
    };
    return this.#send('begin', [], { onexecute });
  }

  /** A statement of the store's own: prepared. Awaited in a {@link flight}. */
  own(text: string, params: readonly unknown[]): Rows {
    return this.#send(text, params, { prepare: this.#prepare });
  }

  /** What Drizzle's session sends the handler's statements through. */
  unsafe(text: string, params: readonly unknown[] = [], options?: object): Sent {
    // Without parameters it may be several, which cannot be prepared.
    const isRepeated = params.length > 0 && this.#repeated?.isRepeated(text, params);
    const query = this.#send(text, params, isRepeated ? { ...options, prepare: true } : options);
    const answer = this.untilLost(query);
    answer.catch((error: unknown) => {
      this.#failed ??= { error };
      if (isRepeated && isStalePlan(error)) this.#repeated?.bar(text, params);
    });
    return Object.assign(answer, {
      values() {
        query.values();
        return answer;
      },
    });
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
  untilLost<T>(work: Promise<T>, deadline?: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) reject(this.#lost);
      this.#waiting.add(reject);
      const end = () => {
        this.#waiting.delete(reject);
        if (deadline) endDeadline(deadline);
      };
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** Once BEGIN was answered. */
  sayIfUnwatched(): void {
    if (this.#driver) return;
    sayOnce(
      'ONCEKEY_UNWATCHED',
      'This postgres.js does not tell which connection a transaction got: that it was lost is noticed by answers that do not come.',
    );
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /** Ends the transaction, once. */
  async finish(how: 'commit' | 'rollback'): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const ended = this.#send(how);
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
    if (!this.#lost) this.#connection.release();
  }

  /**
   * Waits for statements of the store's own. A socket that fell silent would hold the request, and its place in the pool, for
   * as long as TCP believes in it: it is given up.
   */
  flight<T>(answers: Promise<T>): Promise<T> {
    const deadline = startDeadline(this.#answerMs, () => {
      this.#driver?.terminate();
      this.#lose(new NoAnswer());
    });
    return this.untilLost(answers, deadline);
  }

  #send(text: string, params?: readonly unknown[], options?: object): Sent {
    if (this.#lost) return refused('CONNECTION_CLOSED', 'The transaction’s connection was lost; nothing was sent.');
    if (this.#isOver)
      return refused('TRANSACTION_OVER', 'The transaction is over; await its statements in the handler.');
    const query = this.#connection.unsafe(text, params, options);
    // Queries are lazy: sent now, they go out in the order of the calls, and BEGIN before what belongs into it.
    query.execute();
    return query;
  }
}

function refused(code: string, message: string): Sent {
  const query = Promise.reject(Object.assign(new Error(message), { code }));
  return Object.assign(query, { values: () => query });
}
