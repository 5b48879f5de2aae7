import { migrate } from '@oncekey/server/drizzle';
import postgres from 'postgres';
import { open, TABLES } from './systems/database.ts';

/** A database of its own on the server, with every table that a system needs. Answers with its URL. */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const server = postgres(serverUrl, { max: 1, onnotice() {} });
  await server.unsafe(`create database ${name}`);
  await server.end();
  const url = new URL(serverUrl);
  url.pathname = name;
  await using pool = open(url.href, 1);
  await migrate(pool.db);
  await pool.client.unsafe(TABLES);
  return url.href;
}
