import { createRequire } from 'node:module';
import type { Effect, EffectDatabase } from './database.ts';

/** One way to make a mutation happen once, or not to. */
export interface System extends AsyncDisposable {
  /** Does the effect under a key that was never seen. */
  first(key: string): Promise<unknown>;
  /** The same again under a key that was. `undefined`: it cannot. */
  readonly replay?: (key: string) => Promise<unknown>;
}

export interface SystemSpec {
  readonly name: string;
  /** Of the library, or what it is instead. */
  readonly version: string;
  /** Whether its records are in the database of the effect: then the two can be compared as durable. */
  readonly isOnPostgres: boolean;
  /** @throws {CannotRun} */
  create(env: Environment): Promise<System>;
}

export interface Environment {
  readonly url: string;
  /** The way to whatever else a system keeps records in: as far away as the database. */
  reach(direct: string): Promise<string>;
  /** What is written and answered. */
  readonly note: string;
  /** The handler, the same for all: one row, which it answers with. */
  effect(db: EffectDatabase): Promise<Effect>;
  /** Connections, as many as are busy at once. */
  readonly connections: number;
}

/** It says so in the table, and is not left out. */
export class CannotRun extends Error {}

export function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    // Closed to `require`: its entry lies in it.
    const entry = require.resolve(name);
    const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}`.length);
    return (require(`${folder}/package.json`) as { version: string }).version;
  }
}
