import { CannotRun, type Environment, type System, type SystemSpec } from './systems/system.ts';

/** A system that is set up, or why it is not. */
export type Entrant = { readonly spec: SystemSpec } & (
  | { readonly system: System }
  | { readonly system?: never; readonly why: string }
);

/** Sets all up. What cannot run says so, and is not left out. */
export async function enter(specs: readonly SystemSpec[], env: Environment): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const spec of specs) {
    try {
      entrants.push({ spec, system: await spec.create(env) });
    } catch (error) {
      const why = error instanceof CannotRun ? error.message : `it failed: ${(error as Error).message}`;
      entrants.push({ spec, why });
    }
  }
  return entrants;
}

export async function leave(entrants: readonly Entrant[]): Promise<void> {
  for (const { system } of entrants) await system?.[Symbol.asyncDispose]();
}
