import { postgresSetup, workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('demo-web', {
  include: ['e2e/**/*.e2e.test.ts'],
  globalSetup: [postgresSetup],
  testTimeout: 60_000,
  hookTimeout: 120_000,
});
