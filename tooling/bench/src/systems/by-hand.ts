import { and, eq } from 'drizzle-orm';
import { guards, open } from './database.ts';
import type { SystemSpec } from './system.ts';

const named = (scope: string, key: string) => and(eq(guards.scope, scope), eq(guards.key, key));

/** As in the stories: look, do it, write down that it was done. Not safe: two may look at once. */
export const selectThenInsert: SystemSpec = {
  name: 'select, then insert',
  version: 'by hand',
  isOnPostgres: true,
  async create({ url, effect, connections }) {
    const { db, ...pool } = open(url, connections);
    const run = async (key: string) => {
      const [known] = await db.select().from(guards).where(named('select', key));
      if (known) return known.result;
      const result = await db.transaction((tx) => effect(tx));
      await db.insert(guards).values({ scope: 'select', key, state: 'done', result });
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
  async create({ url, effect, connections }) {
    const { db, ...pool } = open(url, connections);
    const run = async (key: string) => {
      const [claim] = await db
        .insert(guards)
        .values({ scope: 'claim', key, state: 'running' })
        .onConflictDoNothing()
        .returning({ key: guards.key });
      if (!claim) {
        const [known] = await db.select().from(guards).where(named('claim', key));
        if (known?.state !== 'done') throw new Error('in progress');
        return known.result;
      }
      const result = await db.transaction((tx) => effect(tx));
      await db.update(guards).set({ state: 'done', result }).where(named('claim', key));
      return result;
    };
    return { first: run, replay: run, ...pool };
  },
};
