import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const shipped = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..');

/** The Chromium of `@sparticuz/chromium`, unpacked once per version, with the environment in which it runs. */
export async function unpackedChromium(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(shipped, 'package.json'), 'utf8'));
  const folder = join(import.meta.dirname, '../.cache', `chromium-${version}`);
  if (!existsSync(folder)) await unpackTo(folder);
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...definedEnvironment(),
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
  };
}

/** Several processes may unpack at once: each fills a folder of its own, the first to rename it wins. */
async function unpackTo(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const filling = await mkdtemp(`${folder}.`);
  try {
    // The package unpacks to os.tmpdir(): a process of its own has one of its own.
    const child = spawn(process.execPath, [fileURLToPath(new URL('./unpack.ts', import.meta.url)), shipped], {
      env: { ...process.env, TMPDIR: filling },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error('Chromium could not be unpacked.');
    await writeFile(join(filling, 'fonts/fonts.conf'), fontsConfiguration(folder));
    await rename(filling, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
}

/** The package's own fonts.conf names a folder that is not ours: without a font, text has no size and nothing is visible. */
function fontsConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
