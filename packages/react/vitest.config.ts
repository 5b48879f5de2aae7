import { workspace } from '../../tooling/vitest/src/workspace.ts';

export default workspace('react', {
  environment: 'happy-dom',
  // The tests' servers stand on ports of their own.
  environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
});
