import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { mkdtemp, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Binaries } from './binaries.ts';
import { isAlive } from './process-alive.ts';
import { canTraverse, type User } from './unprivileged-user.ts';

/** What PostgreSQL's programs see: nothing of ours but PATH, so that no PGDATA, PGPORT or locale of the caller leaks in. */
export const environment = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

/**
 * Where the data for the wanted path really lives: there, or, where `user` cannot get to it (a repository below a home
 * of mode 0700, started by root), in a stable place outside, with a symlink at the wanted path.
 */
export function placeDataDirectory(wanted: string, user: User): string {
  const path = resolve(wanted);
  mkdirSync(dirname(path), { recursive: true });
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing?.isSymbolicLink()) {
    if (existsSync(path)) return realpathSync(path);
  } else if (canTraverse(user, dirname(path))) {
    return join(realpathSync(dirname(path)), basename(path));
  } else if (existing) {
    throw new Error(`${path} cannot be reached by uid ${user.uid}, as which PostgreSQL runs: move it away.`);
  }

  const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
  const outside = join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), `oncekey-postgres-data-${name}`);
  const squatter = lstatSync(outside, { throwIfNoEntry: false });
  // The folder is everyone's and the name can be guessed: data goes only into a folder of our own.
  if (squatter && !(squatter.isDirectory() && [0, user.uid].includes(squatter.uid))) {
    throw new Error(`${outside} is not ours: remove it.`);
  }
  if (!squatter) mkdirSync(outside, { mode: 0o700 });
  if (user.uid !== undefined) chownSync(outside, user.uid, user.gid);
  // A link that leads nowhere is left when the system has emptied that place.
  if (existing) unlinkSync(path);
  symlinkSync(outside, path);
  return outside;
}

/**
 * Makes a database cluster in `dir` unless there is one.
 *
 * initdb runs in a folder beside it that is renamed when complete: a half-made one, left by a kill, is never mistaken
 * for data (PG_VERSION is among the first files that initdb writes).
 */
export async function initialise(
  dir: string,
  binaries: Binaries,
  user: User,
  options: { durable: boolean; signal?: AbortSignal },
): Promise<void> {
  const major = /\d+/.exec(await run(binaries.postgres, ['--version'], user, options.signal))?.[0] ?? '';
  refuseOtherOwner(dir);
  if (existsSync(join(dir, 'PG_VERSION'))) return refuseOtherVersion(dir, major);
  if (existsSync(dir) && readdirSync(dir).length > 0) throw new Error(`${dir} holds something that is not a database.`);

  await removeAbandoned(dir);
  const filling = await mkdtemp(`${dir}.initdb-${process.pid}-`);
  try {
    if (user.uid !== undefined) chownSync(filling, user.uid, user.gid);
    const where = ['--pgdata', filling, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8'];
    // The builtin provider needs no locale of the system: a minimal container has none, and sorting is the same everywhere.
    const locale =
      Number(major) >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C'];
    await run(binaries.initdb, [...where, ...locale, ...(options.durable ? [] : ['--no-sync'])], user, options.signal);
    // Windows does not rename onto a folder, not even an empty one.
    await rmdir(dir).catch(() => {});
    await rename(filling, dir);
  } catch (error) {
    await rm(filling, { recursive: true, force: true });
    throw error;
  }
}

function refuseOtherOwner(dir: string): void {
  const owner = statSync(dir, { throwIfNoEntry: false })?.uid;
  const us = process.getuid?.();
  // Root is exempt: it runs PostgreSQL as whoever owns the data.
  if (owner !== undefined && us && owner !== us) throw new Error(`${dir} belongs to another user (uid ${owner}).`);
}

async function refuseOtherVersion(dir: string, major: string): Promise<void> {
  const made = (await readFile(join(dir, 'PG_VERSION'), 'utf8')).trim();
  if (made !== major) throw new Error(`${dir} was made by PostgreSQL ${made}, this is ${major}: remove it.`);
}

/** Folders of an initdb whose launcher is gone. Those of a live one are still being filled. */
async function removeAbandoned(dir: string): Promise<void> {
  const prefix = `${basename(dir)}.initdb-`;
  for (const name of readdirSync(dirname(dir)).filter((candidate) => candidate.startsWith(prefix))) {
    if (isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    await rm(join(dirname(dir), name), { recursive: true, force: true });
  }
}

function run(program: string, args: string[], user: User, signal?: AbortSignal): Promise<string> {
  return new Promise((ok, fail) => {
    const child = spawn(program, args, {
      ...user,
      ...(signal ? { signal } : {}),
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
      // One that was told to go is still at work, and so are its children: what it fills is not ours to remove yet.
      if (child.pid === undefined) fail(error);
    });
    child.once('close', (code) => {
      if (code === 0 && !failure) ok(stdout);
      else fail(failure ?? new Error(`${basename(program)} failed: ${stderr}`));
    });
  });
}
