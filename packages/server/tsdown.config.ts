import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/cli/main.ts',
    'src/drizzle/index.ts',
    'src/memory/index.ts',
    'src/otel/index.ts',
    'src/testing/index.ts',
  ],
  platform: 'node',
  unbundle: true,
  dts: true,
});
