import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Report, untimed } from '../report.ts';
import type { SystemSpec } from '../systems/system.ts';
import type { Cost } from './cost-process.ts';

/** Memory and CPU of one request, each system in a process of its own: nobody else's garbage is in the numbers. */
export async function cost(report: Report, specs: readonly SystemSpec[], url: string, ms: number): Promise<void> {
  const lines: string[][] = [];
  for (const { name } of specs) {
    const row = untimed('cost', name, { rtt: 0, concurrency: 16 });
    const answer = await measureIn(url, name, ms);
    if ('why' in answer) {
      lines.push([name, `did not run: ${answer.why}`]);
      report.keep({ ...row, why: answer.why });
      continue;
    }
    const { cpu_us, rss_bytes, heap_bytes } = answer;
    lines.push([name, cpu_us.toFixed(0), rss_bytes.toFixed(0), heap_bytes.toFixed(0)]);
    report.keep({ ...row, ...answer });
  }
  const head = ['system', 'CPU µs', 'RSS bytes', 'heap bytes kept'];
  report.show('Memory and CPU of a first execution, loopback, 16 at a time', head, lines);
}

async function measureIn(url: string, name: string, ms: number): Promise<Cost | { readonly why: string }> {
  const script = fileURLToPath(new URL('./cost-process.ts', import.meta.url));
  const child = fork(script, [url, name, String(ms)], { execArgv: ['--expose-gc'] });
  const exited = once(child, 'exit').then(([code]) => ({ why: `its process ended with ${code}` }));
  const answer = await Promise.race([once(child, 'message').then(([message]) => message as Cost), exited]);
  await exited;
  return answer;
}
