import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts', 'src/classic.ts', 'src/inspect.ts'],
  platform: 'neutral',
  // .mjs on every platform, which the published `exports` name.
  fixedExtension: true,
  unbundle: true,
  dts: true,
});
