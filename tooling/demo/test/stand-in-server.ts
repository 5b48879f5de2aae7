// Answers like the demo's server, tells its environment, and dies on request.
import { createServer } from 'node:http';

const { HOST, PORT, DATABASE_URL } = process.env;
if (process.env['STAND_IN_FAILS']) process.exit(3);

createServer((request, response) => {
  if (request.url === '/die') process.kill(process.pid, 'SIGKILL');
  response.end(JSON.stringify({ pid: process.pid, host: HOST, databaseUrl: DATABASE_URL }));
}).listen(Number(PORT), HOST);

// Slower than anyone waits for: it has to be killed.
process.on('SIGTERM', () => {});
