import { postgresSetup, workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('demo-server', { globalSetup: [postgresSetup], testTimeout: 30_000, hookTimeout: 60_000 });
