import { workspace } from '../vitest/src/workspace.ts';

export default workspace('demo', { testTimeout: 60_000, hookTimeout: 60_000 });
