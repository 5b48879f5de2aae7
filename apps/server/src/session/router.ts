import { z } from 'zod';
import { anyone, router } from '../trpc.ts';
import { Person } from './person.ts';

export const sessionRouter = router({
  me: anyone.query(({ ctx }) => (ctx.person ? { person: ctx.person } : null)),
  signIn: anyone.input(z.object({ person: Person })).mutation(async ({ ctx, input }) => {
    await ctx.setPerson(input.person);
    return { person: input.person };
  }),
  signOut: anyone.mutation(({ ctx }) => ctx.setPerson(null)),
});
