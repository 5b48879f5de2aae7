import { and, eq } from 'drizzle-orm';
import { effect, guards, open } from './database.ts';
import type { SystemSpec } from './system.ts';

const SCOPE = 'bench';
const named = (key: string) => and(eq(guards.scope, SCOPE), eq(guards.key, key));

/** As in the stories: look, do it, write down that it was done. Not safe: two may look at once. */
export const selectThenInsert: SystemSpec = {
  name: 'select, then insert',
  version: 'by hand',
  isOnPostgres: true,
  async create({ url, note, connections }) {
    const { db, ...pool } = open(url, connections);
    const run = async (key: string) => {
      const [known] = await db.select().from(guards).where(named(key));
      if (known) return known.result;
      const result = await db.transaction((tx) => effect(tx, note));
      await db.insert(guards).values({ scope: SCOPE, key, state: 'done', result });
      return result;
    };
    return { first: run, replay: run, ...pool };
  },
};

/** A claim that is committed first, and completed last. Safe while nothing dies: then the key is stuck. */
export const claimAndComplete: SystemSpec = {
  name: 'claim and complete',
  version: 'by hand',
  isOnPostgres: true,
  async create({ url, note, connections }) {
    const { db, ...pool } = open(url, connections);
    const run = async (key: string) => {
      const [claim] = await db
        .insert(guards)
        .values({ scope: SCOPE, key, state: 'running' })
        .onConflictDoNothing()
        .returning({ key: guards.key });
      if (!claim) {
        const [known] = await db.select().from(guards).where(named(key));
        return known?.result;
      }
      const result = await db.transaction((tx) => effect(tx, note));
      await db.update(guards).set({ state: 'done', result }).where(named(key));
      return result;
    };
    return { first: run, replay: run, ...pool };
  },
};
