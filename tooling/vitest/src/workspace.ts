import { fileURLToPath } from 'node:url';
import { defineProject, type UserWorkspaceConfig } from 'vitest/config';

/** Every connection string comes from this cluster: one for the whole run, started when the first project asks. */
export const postgresSetup = fileURLToPath(new URL('../../postgres/src/testing/global-setup.ts', import.meta.url));

/** A workspace's part of the run: its tests stand in `test/`, apart from what is published. */
export function workspace(name: string, test: UserWorkspaceConfig['test'] = {}): UserWorkspaceConfig {
  return defineProject({
    test: {
      include: ['test/**/*.test.{ts,tsx}'],
      // Not taken over from the root. Tests race dozens of connections against a database on the same cores, and the
      // browser’s mostly wait.
      maxWorkers: 2,
      ...test,
      name,
    },
  });
}
