import { agenciesRouter } from './agencies/router.ts';
import { conversationsRouter } from './conversations/router.ts';
import { idempotency } from './idempotency.ts';
import { importsRouter } from './imports/router.ts';
import { invoicesRouter } from './invoices/router.ts';
import { labRouter } from './lab/router.ts';
import { messagesRouter } from './messages/router.ts';
import { operationsRouter } from './operations/router.ts';
import { sessionRouter } from './session/router.ts';
import { tasksRouter } from './tasks/router.ts';
import { router, signedIn } from './trpc.ts';

export const appRouter = router({
  session: sessionRouter,
  lab: labRouter,
  agencies: agenciesRouter,
  conversations: conversationsRouter,
  invoices: invoicesRouter,
  imports: importsRouter,
  tasks: tasksRouter,
  messages: messagesRouter,
  operations: operationsRouter,
  idempotency: idempotency.outcomes(signedIn),
});

export type AppRouter = typeof appRouter;
