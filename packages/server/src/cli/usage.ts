/** The command was called wrongly. */
export class UsageError extends Error {}

export const USAGE = `oncekey: looks after the records of idempotent mutations

  oncekey stats                       how many records there are, and of what kind
  oncekey show <key> [--scope S]      what became of a key; never what was asked or answered
  oncekey purge [--batch N] [--max-batches N] [--keep-events 90d]
                                      deletes what has expired
  oncekey doctor [--retention 24h]    checks tables, indexes, clock and retention

  --database-url URL   the database; default: DATABASE_URL
  --json               prints one JSON object
  --help

Ends with 0; with 1 if a check failed, a key was not found or the database is away; with 2 if called wrongly.
`;
