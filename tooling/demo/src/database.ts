import { once } from 'node:events';
import { startPostgres } from '@oncekey/postgres';
import postgres from 'postgres';
import { StartProblem } from './start-problem.ts';

export interface Database extends AsyncDisposable {
  url: string;
  /** Rejects when it is gone for good; never resolves. */
  failed: Promise<never>;
}

/**
 * The database that DATABASE_URL names, which must answer, else our own PostgreSQL with its data in `dir`: that one is
 * started again, on the same port, whenever it ends.
 */
export async function openDatabase(given: string | undefined, dir: string, signal: AbortSignal): Promise<Database> {
  if (given) {
    await refuseDeadDatabase(given);
    return { url: given, failed: new Promise(() => {}), [Symbol.asyncDispose]: async () => {} };
  }
  let running = await startPostgres({ dir, durable: true, signal });
  const { url, port } = running;
  const stopping = new AbortController();
  const stopped = once(stopping.signal, 'abort');

  async function keepRunning(): Promise<void> {
    for (;;) {
      await Promise.race([running.gone, stopped]);
      if (stopping.signal.aborted) return;
      running = await startPostgres({ dir, durable: true, port, signal: stopping.signal });
    }
  }

  const kept = keepRunning();
  const failed = kept.then(() => new Promise<never>(() => {}));
  failed.catch(() => {}); // whoever stops before it fails does not look at it
  return {
    url,
    failed,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await kept.catch(() => {}); // a start that was under way is given up
      await running.stop();
    },
  };
}

/** One sentence, without the password: the URL itself is never repeated. */
async function refuseDeadDatabase(given: string): Promise<void> {
  if (!URL.canParse(given) || !/^postgres(ql)?:$/.test(new URL(given).protocol)) {
    throw new StartProblem(
      'DATABASE_URL is not a PostgreSQL URL: it looks like postgres://user:password@host:5432/database; without it, the demo brings its own PostgreSQL.',
    );
  }
  const { host, pathname } = new URL(given);
  const reason = await connectionFailure(given);
  if (reason === undefined) return;
  throw new StartProblem(
    `The database of DATABASE_URL (${host}${pathname}) does not answer, ${reason}: correct it, or leave it out and the demo brings its own PostgreSQL.`,
  );
}

async function connectionFailure(url: string): Promise<string | undefined> {
  try {
    const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
    try {
      await sql`select 1`;
      return undefined;
    } finally {
      await sql.end({ timeout: 1 });
    }
  } catch (error) {
    // A server's own words ("password authentication failed for user …") hold no password; an URL in others might.
    if (error instanceof postgres.PostgresError) return `it says "${error.message}"`;
    return error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
  }
}
