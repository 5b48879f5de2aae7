// Builds each published package, packs it as a user would get it, and has two linters read the tarball.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const tools = join(import.meta.dirname, '../node_modules/.bin');
const named = process.argv.slice(2);
const packages = named.length > 0 ? named : ['core', 'server', 'client', 'react', 'devtools'];
const tarballs = mkdtempSync(join(tmpdir(), 'oncekey-publish-'));

/** Quiet unless it fails: a passing check has nothing to say. */
function run(cwd: string, program: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  console.error(`${stdout ?? ''}${stderr ?? ''}`);
  throw error ?? new Error(`${[program, ...args].join(' ')} failed in ${cwd}`);
}

try {
  const filters = packages.map((name) => `--filter=@oncekey/${name}`);
  run(root, join(root, 'node_modules/.bin/turbo'), 'run', 'build', ...filters);
  for (const name of packages) {
    const destination = join(tarballs, name);
    // pnpm, not npm: it replaces `exports` by `publishConfig.exports` and writes the catalog's versions out.
    run(join(root, 'packages', name), 'pnpm', 'pack', '--pack-destination', destination);
    for (const tarball of readdirSync(destination)) {
      run(destination, join(tools, 'publint'), 'run', tarball, '--strict');
      // There is no CommonJS build: `require` of an ES module is what Node 20.19 and later do by themselves.
      run(destination, join(tools, 'attw'), tarball, '--profile', 'esm-only');
    }
    console.log(`@oncekey/${name}: the package is fit to publish`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}
