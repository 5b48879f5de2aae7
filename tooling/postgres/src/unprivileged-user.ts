import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Binaries } from './binaries.ts';

/** Whom PostgreSQL runs as. Empty: as ourselves. */
export type User = { uid: number; gid: number } | Record<string, never>;

const NOBODY = { uid: 65534, gid: 65534 };

/**
 * PostgreSQL refuses to run as root. As root this answers with the user to run it as: the owner of data that is there
 * already, so that root may start what an ordinary user began, and nobody otherwise.
 */
export function unprivilegedUser(dataDirectory: string): User {
  if (process.getuid?.() !== 0) return {};
  if (!existsSync(join(dataDirectory, 'PG_VERSION'))) return NOBODY;
  const { uid, gid } = statSync(dataDirectory);
  return uid === 0 ? NOBODY : { uid, gid };
}

/**
 * Can this user reach a path inside `folder`? Every folder above has to let others pass; a home of mode 0700 does not.
 */
export function canTraverse(user: User, folder: string): boolean {
  if (user.uid === undefined) return true;
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** The binaries where `user` can run them: these, or else a copy in the system's folder for temporary files. */
export async function binariesFor(user: User, binaries: Binaries): Promise<Binaries> {
  if (user.uid === undefined || runs(user, binaries)) return binaries;

  const installation = dirname(dirname(realpathSync(binaries.postgres)));
  const { mtimeMs, size } = statSync(binaries.postgres);
  const version = createHash('sha256').update(`${installation}\0${mtimeMs}\0${size}`).digest('hex').slice(0, 12);
  const copy = join(tmpdir(), `oncekey-postgres-binaries-${version}`);
  const copied = { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') };
  if (!existsSync(copy)) await copyTo(copy, installation);
  // The name can be guessed and anyone may write to that folder: never run a program that somebody else has put there.
  if (!lstatSync(copy).isDirectory() || statSync(copy).uid !== 0) throw new Error(`${copy} is not ours: remove it.`);
  if (!runs(user, copied)) throw new Error(`PostgreSQL does not run as uid ${user.uid} from ${copy}.`);
  return copied;
}

function runs(user: User, { postgres }: Binaries): boolean {
  return spawnSync(postgres, ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Several processes may copy at once: each fills a folder of its own, the first to rename it wins. */
async function copyTo(target: string, installation: string): Promise<void> {
  const filling = await mkdtemp(`${target}.`);
  const content = join(filling, basename(target));
  try {
    await cp(installation, content, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', content]);
    await rename(content, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
}
