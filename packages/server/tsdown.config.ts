import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts', 'src/drizzle/index.ts'],
  platform: 'node',
  unbundle: true,
  dts: true,
});
