import { createKey } from '@oncekey/core';
import type { Contestant } from './rounds.ts';
import { effect } from './systems/database.ts';
import { CannotRun, type Environment, type System, type SystemSpec } from './systems/system.ts';

/** A system that is set up, or why it is not. */
export type Entrant = { readonly spec: SystemSpec } & (
  | { readonly system: System; readonly why?: never }
  | { readonly system?: never; readonly why: string }
);

/** A handler that only does its effect, and a database on this machine. */
export function environment(url: string, note: string, connections = 16): Environment {
  return { url, note, connections, effect: (db) => effect(db, note), reach: async (direct) => direct };
}

/** Sets all up. What cannot run says so, and is not left out. */
export async function enter(specs: readonly SystemSpec[], env: Environment): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const spec of specs) {
    try {
      entrants.push({ spec, system: await spec.create(env) });
    } catch (error) {
      entrants.push({ spec, why: reasonOf(error) });
    }
  }
  return entrants;
}

export async function leave(entrants: readonly Entrant[]): Promise<void> {
  for (const { system } of entrants) await system?.[Symbol.asyncDispose]();
}

export function reasonOf(error: unknown): string {
  return error instanceof CannotRun ? error.message : `it failed: ${(error as Error).message}`;
}

/** Each under a new key every time. */
export function firsts(entrants: readonly Entrant[]): Contestant[] {
  return entrants.flatMap(({ spec, system }) =>
    system ? [{ name: spec.name, run: () => system.first(createKey()) }] : [],
  );
}
