import { defineConfig } from 'vitest/config';
import { CountReporter } from './tooling/vitest/src/count-reporter.ts';

export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts', 'tooling/*/vitest.config.ts'],
    reporters: ['default', new CountReporter()],
    // Tests race dozens of connections against a database on the same cores: more workers only make each slower.
    maxWorkers: 2,
    // Counted by the reporter: a workspace may have no tests yet, the run may not.
    passWithNoTests: true,
  },
});
