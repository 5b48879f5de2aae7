#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { drizzleStore } from '../drizzle/drizzle-store.ts';
import { type Duration, toMilliseconds } from '../duration.ts';
import { type PurgeResult, purge } from '../purge.ts';
import { type Connection, connect, explain } from './database.ts';
import { doctor } from './doctor.ts';
import { show } from './show.ts';
import { stats } from './stats.ts';
import { USAGE, UsageError } from './usage.ts';

const OPTIONS = {
  'database-url': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  scope: { type: 'string' },
  batch: { type: 'string' },
  'max-batches': { type: 'string' },
  'keep-events': { type: 'string' },
  retention: { type: 'string' },
} as const;

interface Report {
  readonly json: object;
  readonly text: string;
  readonly isHealthy?: boolean;
}

const COMMANDS = new Set(['stats', 'show', 'purge', 'doctor']);

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  if (!COMMANDS.has(command)) throw new UsageError(`there is no command ${command}`);
  if (rest.length !== (command === 'show' ? 1 : 0)) {
    throw new UsageError(command === 'show' ? 'show needs one key' : `${command} takes no more words`);
  }
  await using connection = await connect(values['database-url'] ?? process.env['DATABASE_URL']);
  const report = await run(connection, command, rest[0] ?? '', values);
  if (!report) {
    process.stderr.write('oncekey: no record and no event has this key\n');
    return 1;
  }
  process.stdout.write(`${values.json ? JSON.stringify(report.json) : report.text}\n`);
  return report.isHealthy === false ? 1 : 0;
}

type Values = ReturnType<typeof readArguments>['values'];

async function run(
  { db, run: send }: Connection,
  command: string,
  key: string,
  values: Values,
): Promise<Report | undefined> {
  switch (command) {
    case 'stats':
      return stats(send);
    case 'show':
      return show(send, key, values.scope);
    case 'doctor':
      return doctor(send, duration(values.retention ?? '24h', 'retention'));
    default: {
      const result = await purgeWithProgress(db, values);
      const isOver = result.isDone ? '' : '; there is more';
      return { json: result, text: `deleted ${result.records} records and ${result.events} events${isOver}` };
    }
  }
}

/** Ctrl-C ends it after the batch that runs; what is left is the next purge's. */
async function purgeWithProgress(db: Connection['db'], values: Values): Promise<PurgeResult> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const keepEvents = values['keep-events'];
  if (keepEvents !== undefined) duration(keepEvents, 'keep-events');
  const isTerminal = process.stderr.isTTY;
  try {
    return await purge(drizzleStore(db), {
      signal: stop.signal,
      ...(values.batch !== undefined && { batchSize: count(values.batch, 'batch') }),
      ...(values['max-batches'] !== undefined && { maxBatches: count(values['max-batches'], 'max-batches') }),
      ...(keepEvents !== undefined && { keepEvents: keepEvents as Duration }),
      onProgress({ batches, records, events, isDone }) {
        const line = `batch ${batches}: ${records} records, ${events} events`;
        process.stderr.write(isTerminal ? `\r${line}${isDone ? '\n' : ''}` : `${line}\n`);
      },
    });
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'wrong arguments');
  }
}

function count(text: string, name: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new UsageError(`--${name} must be a whole number from 1`);
}

function duration(text: string, name: string): number {
  try {
    return toMilliseconds(text as Duration, `--${name}`);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : `--${name} is no duration`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`oncekey: ${isUsage ? error.message : explain(error)}\n${isUsage ? `\n${USAGE}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
