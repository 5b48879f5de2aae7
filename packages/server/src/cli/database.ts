import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { isUnavailable } from '../drizzle/sqlstate.ts';
import type { Run } from '../drizzle/statement.ts';
import { runThrough } from '../drizzle/transaction.ts';
import { UsageError } from './usage.ts';

export interface Connection extends AsyncDisposable {
  readonly db: PostgresJsDatabase;
  readonly run: Run;
}

/** Connects with postgres.js, which an app may do without: then it is asked for here. */
export async function connect(url: string | undefined): Promise<Connection> {
  if (!url) throw new UsageError('say which database: --database-url postgres://… or DATABASE_URL');
  const [{ default: postgres }, { drizzle }] = await Promise.all([
    import('postgres').catch(() => {
      throw new UsageError('the command needs the driver: npm install postgres');
    }),
    import('drizzle-orm/postgres-js'),
  ]);
  const client = open(() => postgres(url, { max: 1, connect_timeout: 10, onnotice() {} }));
  const db = drizzle(client);
  return {
    db,
    run: runThrough(db),
    async [Symbol.asyncDispose]() {
      await client.end({ timeout: 1 });
    },
  };
}

function open<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new UsageError('the database’s URL is none'); // without it: it holds a password
  }
}

/** What went wrong, in words that hold no statement, no parameter and no password. */
export function explain(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && at.code === '42P01')
      return 'oncekey’s tables are not there: call migrate(db), or run your own migrations';
    if ('code' in at && at.code === '28P01') return 'the database refuses the password';
    if ('code' in at && at.code === '3D000') return 'there is no such database';
  }
  if (isUnavailable(error)) return 'the database cannot be reached';
  return error instanceof Error && !error.message.startsWith('Failed query') ? error.message : 'a statement failed';
}
