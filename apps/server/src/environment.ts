/** What the process is told. Checked at the start, in a sentence. */
export const environment = {
  databaseUrl: readDatabaseUrl(process.env['DATABASE_URL']),
  host: process.env['HOST'] ?? '127.0.0.1', // loopback: nobody else is let in unasked
  port: readPort(process.env['PORT'] ?? '3000'),
  /** Without it the first start makes one and keeps it in the database. */
  sessionSecret: process.env['SESSION_SECRET'],
  /** The services of other companies: see apps/outside. */
  outsideUrl: process.env['OUTSIDE_URL'] ?? `http://127.0.0.1:${readPort(process.env['OUTSIDE_PORT'] ?? '3001')}`,
  smtpHost: process.env['SMTP_HOST'] ?? '127.0.0.1',
  smtpPort: readPort(process.env['SMTP_PORT'] ?? '3025'),
  /** Where uploaded files are kept. */
  data: process.env['DEMO_DATA'] ?? '.data',
};

function readDatabaseUrl(url: string | undefined): string {
  if (url && /^postgres(ql)?:\/\//.test(url)) return url;
  throw new Error('DATABASE_URL must be a postgres:// address. `pnpm demo` brings a PostgreSQL of its own.');
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT must be a number from 0 to 65535, not ${JSON.stringify(text)}.`);
}
