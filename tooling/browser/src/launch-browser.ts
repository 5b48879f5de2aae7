import { type Browser, chromium } from 'playwright';
import { findChrome } from './find-chrome.ts';

/** A browser under test contacts the page it is given and nothing else: no updates, no telemetry, no look-ups. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/**
 * Starts a headless Chromium. It closes with `browser.close()`, or with `await using`.
 *
 * @example
 * await using browser = await launchBrowser();
 * const page = await browser.newPage();
 */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env, args } = await findChrome();
  // Chromium's sandbox does not start as root.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({
    args: [...QUIET, ...asRoot, ...args],
    ...(executablePath ? { executablePath } : {}),
    ...(env ? { env } : {}),
  });
}
