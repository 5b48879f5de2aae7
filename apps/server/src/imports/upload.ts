import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { db } from '../database.ts';
import { environment } from '../environment.ts';
import type { Person } from '../session/person.ts';
import { summarise } from './csv.ts';
import { uploads } from './tables.ts';

/** What the page says, too. */
export const MOST_UPLOAD_BYTES = 16 * 1024 * 1024;

/** A file is kept under the hash of its content. */
export const fileOf = (hash: string): string => join(environment.data, 'uploads', `${hash}.csv`);

/**
 * Takes a file in: hashed while it streams to the disk, read once to know what is in it. The same file again changes nothing.
 *
 * @throws {Error} in plain words, if it is none that can be imported
 */
export async function takeUpload(person: Person, name: string, body: ReadableStream<Uint8Array>) {
  const folder = join(environment.data, 'uploads');
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `${randomUUID()}.partial`);
  try {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Uint8Array, _, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(body), hashing, createWriteStream(partial));
    const summary = await summarise(partial);
    const upload = { hash: hash.digest('hex'), name: name.slice(0, 200) || 'a file', ...summary };
    await rename(partial, fileOf(upload.hash));
    await db
      .insert(uploads)
      .values({ person, ...upload })
      .onConflictDoNothing();
    return upload;
  } finally {
    await rm(partial, { force: true });
  }
}
