import { asc } from 'drizzle-orm';
import { router, signedIn } from '../trpc.ts';
import { agencies } from './tables.ts';

export const agenciesRouter = router({
  list: signedIn.query(({ ctx }) => ctx.db.select().from(agencies).orderBy(asc(agencies.name))),
});
