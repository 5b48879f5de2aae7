import { agenciesRouter } from './agencies/router.ts';
import { conversationsRouter } from './conversations/router.ts';
import { sessionRouter } from './session/router.ts';
import { idempotency, router, signedIn } from './trpc.ts';

export const appRouter = router({
  session: sessionRouter,
  agencies: agenciesRouter,
  conversations: conversationsRouter,
  idempotency: idempotency.outcomes(signedIn),
});

export type AppRouter = typeof appRouter;
