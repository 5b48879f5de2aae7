import { workspace } from '../vitest/src/workspace.ts';

export default workspace('bench');
