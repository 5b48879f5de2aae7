import { UNIQUE_KEYS } from './record-statements.ts';

/** The database is away or went away: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const UNAVAILABLE = new Set([
  '25006', // read_only_sql_transaction: a standby, right after a failover
  '53300', // too_many_connections
  '57P01', // admin_shutdown: the server is stopping
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: the server is starting
  // The sockets' own words, postgres.js's, and ours.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'NO_ANSWER',
]);

/** The transaction met another; run again, alone or in another order, it will do. */
const RUN_AGAIN = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

/** node-postgres gives its own errors no code. */
const UNAVAILABLE_MESSAGES = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when)/;

/** Whether an error, or what caused it, says that the database cannot be reached. */
export function isUnavailable(error: unknown): boolean {
  const codes = codesOf(error);
  if (codes.length > 0) return codes.some((code) => UNAVAILABLE.has(code) || code.startsWith('08')); // class 08: connection exceptions
  return causesOf(error).some(({ message }) => UNAVAILABLE_MESSAGES.test(message));
}

/** Whether the whole transaction may be run again: nothing of it is left. */
export function isWorthAnotherRun(error: unknown): boolean {
  return codesOf(error).some((code) => RUN_AGAIN.has(code)) || isStalePlan(error);
}

/** "cached plan must not change result type": a table was altered under a prepared statement. The code alone says less. */
export function isStalePlan(error: unknown): boolean {
  return causesOf(error).some((at) => 'routine' in at && at.routine === 'RevalidateCachedQuery');
}

/** The SQLSTATE or system error code; Drizzle keeps the driver's error as the cause. */
export function codeOf(error: unknown): string | undefined {
  return codesOf(error)[0];
}

/** All of them: what a handler threw may have a code of its own around the database's. */
function codesOf(error: unknown): readonly string[] {
  return causesOf(error).flatMap((at) => ('code' in at && typeof at.code === 'string' ? [at.code] : []));
}

/** Another transaction committed a record under the same key first. Drivers name the constraint differently. */
export function isOvertaken(error: unknown): boolean {
  for (const at of causesOf(error)) {
    if ('code' in at && at.code === '23505') {
      return UNIQUE_KEYS.has('constraint_name' in at ? at.constraint_name : 'constraint' in at && at.constraint);
    }
  }
  return false;
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && !causes.includes(at); at = at.cause) causes.push(at);
  return causes;
}
