import { agenciesRouter } from './agencies/router.ts';
import { conversationsRouter } from './conversations/router.ts';
import { sessionRouter } from './session/router.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  session: sessionRouter,
  agencies: agenciesRouter,
  conversations: conversationsRouter,
});

export type AppRouter = typeof appRouter;
