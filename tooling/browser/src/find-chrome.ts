import { existsSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { unpackedChromium } from './unpacked-chromium.ts';

/** How to start a Chrome. Without `executablePath`: the one that Playwright has downloaded itself. */
export interface Chrome {
  executablePath?: string;
  env?: Record<string, string>;
  args: string[];
}

const INSTALLED = [
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/**
 * A Chrome to drive: the one `CHROME_PATH` names, else on linux-x64 the Chromium that an npm package carries, else an
 * installed one, else Playwright's own.
 */
export async function findChrome(): Promise<Chrome> {
  // A container's /dev/shm is often 64 MB: a page that needs more crashes without saying why.
  const args = ['--disable-dev-shm-usage'];
  const named = process.env['CHROME_PATH'];
  if (named) return { executablePath: named, args };
  if (platform() === 'linux' && arch() === 'x64') {
    const { executablePath, env } = await unpackedChromium();
    return { executablePath, env, args: [...args, '--headless=shell'] };
  }
  const executablePath = INSTALLED.find((path) => existsSync(path));
  return executablePath ? { executablePath, args } : { args };
}
