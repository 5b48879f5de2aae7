import { randomBytes } from 'node:crypto';
import type { Db } from '../database.ts';
import { sessionSecrets } from './tables.ts';

/** The secret that the first start made: any number of processes agree on it, and sessions survive a restart. */
export async function sessionSecretOf(db: Db): Promise<string> {
  await db
    .insert(sessionSecrets)
    .values({ secret: randomBytes(32).toString('base64url') })
    .onConflictDoNothing();
  const [row] = await db.select().from(sessionSecrets);
  if (!row) throw new Error('the session secret is missing');
  return row.secret;
}
