import { UNIQUE_KEY } from './statements.ts';

/** The database is away or went away: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const UNAVAILABLE = new Set([
  '53300', // too_many_connections
  '57P01', // admin_shutdown: the server is stopping
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: the server is starting
  // The sockets' own words, and postgres.js's.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
]);

/** Whether an error, or what caused it, says that the database cannot be reached. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (UNAVAILABLE.has(code) || code.startsWith('08')); // class 08: connection exceptions
}

/** The SQLSTATE or system error code; Drizzle keeps the driver's error as the cause. */
export function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

/** Another transaction committed a record under the same key first. Drivers name the constraint differently. */
export function isOvertaken(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && at.code === '23505') {
      return ('constraint_name' in at ? at.constraint_name : 'constraint' in at && at.constraint) === UNIQUE_KEY;
    }
  }
  return false;
}
