import type { TestProject } from 'vitest/node';
import { type Postgres, startPostgres } from '../launcher.ts';
import type {} from './provided-context.ts';

interface Shared {
  cluster: Promise<Postgres>;
  users: number;
}

/**
 * Every project of a run loads this file anew, in the same process: only the process's globals are common to them, and
 * one cluster is enough for all.
 */
const runGlobals: { oncekeyPostgres?: Shared | undefined } & typeof globalThis = globalThis;

/** vitest's globalSetup: one cluster for the run, whose URL tests get with `inject('postgresUrl')`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = runGlobals.oncekeyPostgres ?? {
    cluster: startPostgres({ settings: { max_connections: 300 } }),
    users: 0,
  };
  runGlobals.oncekeyPostgres = shared;
  shared.users += 1;
  project.provide('postgresUrl', (await shared.cluster).url);

  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    runGlobals.oncekeyPostgres = undefined;
    await (await shared.cluster).stop();
  };
}
