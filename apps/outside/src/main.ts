import { join } from 'node:path';
import { startOutside } from './service.ts';

const number = (name: string): number => {
  const value = Number(process.env[name]);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new Error(`${name} must be a port. \`pnpm demo\` chooses one.`);
};

await startOutside({
  data: join(process.env['DEMO_DATA'] ?? '.data', 'outside'),
  port: number('OUTSIDE_PORT'),
  smtpPort: number('SMTP_PORT'),
  ...(process.env['HOST'] && { host: process.env['HOST'] }),
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
