import { workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('react', { environment: 'happy-dom' });
