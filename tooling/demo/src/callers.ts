import { basename } from 'node:path';
import { lookUp } from './process-table.ts';

/** Short, since the stop that follows has to be over within three seconds of the signal. */
const POLL_MS = 300;

/**
 * Calls `onGone` when one of the processes that started the demo is gone: `npx` runs pnpm, that runs a shell, and that
 * runs us. A signal sent to one of them alone is not passed on, and when it dies of it the demo would stay behind, unseen.
 *
 * It is the way up to the topmost package runner that counts: the shell or script above may well end before the demo.
 *
 * @returns a function that ends the watch
 */
export function watchCallers(onGone: () => void): () => void {
  const chain = chainOfRunners();
  if (chain.length < 2) return () => {};
  const timer = setInterval(() => {
    // Whoever loses its parent gets another at once, while the parent's own entry may linger unreaped.
    const intact = chain.every((pid, i) => i === chain.length - 1 || lookUp(pid)?.parent === chain[i + 1]);
    if (intact) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  return () => clearInterval(timer);
}

/** Our own pid first, then each parent's up to the topmost package runner's. */
function chainOfRunners(): number[] {
  const chain: number[] = [];
  let length = 0;
  for (let pid = process.pid; pid > 1; ) {
    const entry = lookUp(pid);
    if (!entry) break;
    chain.push(pid);
    if (isPackageRunner(entry.command)) length = chain.length;
    pid = entry.parent;
  }
  return chain.slice(0, length);
}

/**
 * By program or by script, never by any argument: `sh -c 'npx … &'` is no runner. npm writes what it does over its
 * command line: "npm exec pnpm@… demo".
 */
function isPackageRunner(command: string[]): boolean {
  return command
    .slice(0, 2)
    .some((argument) => /^(npx|npm|pnpm|yarn|corepack)\b/.test(basename(argument.split(' ')[0] ?? '')));
}
