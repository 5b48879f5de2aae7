import { postgresSetup, workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('demo-web', {
  include: ['e2e/**/*.e2e.test.ts'],
  globalSetup: [postgresSetup],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // Each file drives a browser and a server: two at once starve each other.
  fileParallelism: false,
});
