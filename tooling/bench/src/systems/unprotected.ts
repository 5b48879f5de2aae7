import { open } from './database.ts';
import type { SystemSpec } from './system.ts';

/** A Drizzle transaction around the effect: the 1.00. */
export const unprotected: SystemSpec = {
  name: 'unprotected',
  version: 'Drizzle transaction',
  isOnPostgres: true,
  async create({ url, effect, connections }) {
    const { db, ...pool } = open(url, connections);
    return { first: () => db.transaction((tx) => effect(tx)), ...pool };
  },
};
