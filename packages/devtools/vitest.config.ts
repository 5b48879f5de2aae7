import { workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('devtools', { environment: 'happy-dom' });
