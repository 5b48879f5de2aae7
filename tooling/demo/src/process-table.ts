import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessEntry {
  parent: number;
  /** When it started: with the pid it names one process for good, since pids are used again. */
  started: string;
  command: string[];
}

/** What the system knows of a process. Undefined if there is none, or if it has ended and only waits to be reaped. */
export function lookUp(pid: number): ProcessEntry | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc_pid_stat(5). The second field is the program's name in parentheses, and may itself hold some.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    const started = fields[19];
    if (state === 'Z' || started === undefined) return undefined;
    return { parent: Number(parent), started, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): ProcessEntry | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,stat=,lstart=,command=', '-p', String(pid)], { encoding: 'utf8' });
  const [parent, state, ...rest] = (stdout ?? '').trim().split(/\s+/);
  if (!parent || !state || state.startsWith('Z')) return undefined;
  return { parent: Number(parent), started: rest.slice(0, 5).join(' '), command: rest.slice(5) };
}
