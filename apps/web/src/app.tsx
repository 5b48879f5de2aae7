import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { Toaster } from 'sonner';
import { Route, Switch, useLocation } from 'wouter';
import { LabPage } from './lab/lab-page.tsx';
import { PersonContext } from './session/person-context.ts';
import { hasSignedOut } from './session/person-menu.tsx';
import { SignIn } from './session/sign-in.tsx';
import { useTRPC } from './trpc.ts';
import { Notice } from './ui/notice.tsx';
import { PageHeader } from './ui/page.tsx';
import { Shell } from './ui/shell.tsx';

const ConversationsPage = lazy(() => import('./conversations/conversations-page.tsx'));
const InvoicesPage = lazy(() => import('./invoices/invoices-page.tsx'));
const ImportsPage = lazy(() => import('./imports/imports-page.tsx'));
const TasksPage = lazy(() => import('./tasks/tasks-page.tsx'));
const MessagesPage = lazy(() => import('./messages/messages-page.tsx'));
const OperationsPage = lazy(() => import('./operations/operations-page.tsx'));

export function App() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [location] = useLocation();
  const me = useQuery(trpc.session.me.queryOptions());
  const signIn = useMutation(
    trpc.session.signIn.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.session.me.queryFilter()),
    }),
  );
  // The lab is for whoever comes by: as Alice, until they say who they are.
  const isPassingBy = me.data === null && location === '/' && !hasSignedOut();
  const { mutate, isIdle } = signIn;
  useEffect(() => {
    if (isPassingBy && isIdle) mutate({ person: 'alice' });
  }, [isPassingBy, isIdle, mutate]);
  useEffect(() => {
    document.title = `oncekey · ${location === '/' ? 'Lab' : location.slice(1, 2).toUpperCase() + location.slice(2)}`;
  }, [location]);

  if (me.isPending || (isPassingBy && !signIn.isError)) return <Shell />;
  if (me.isError) {
    return (
      <Shell>
        <Notice tone="danger" title="The server does not answer.">
          Is the demo still running? This page tries again by itself when it is back, or{' '}
          <button type="button" className="underline" onClick={() => me.refetch()}>
            try now
          </button>
          .
        </Notice>
      </Shell>
    );
  }
  if (!me.data) return <SignIn />;
  const { person } = me.data;
  return (
    <PersonContext value={person}>
      <Shell person={person}>
        <Suspense fallback={<div className="min-h-dvh" />}>
          <Switch key={person}>
            <Route path="/" component={LabPage} />
            <Route path="/conversations" component={ConversationsPage} />
            <Route path="/invoices" component={InvoicesPage} />
            <Route path="/imports" component={ImportsPage} />
            <Route path="/tasks" component={TasksPage} />
            <Route path="/messages" component={MessagesPage} />
            <Route path="/operations">
              {person === 'admin' ? (
                <OperationsPage />
              ) : (
                <Empty title="Operations">This page is for administrators: sign in as Admin.</Empty>
              )}
            </Route>
            <Route>
              <Empty title="There is nothing here">Choose a page from the menu.</Empty>
            </Route>
          </Switch>
        </Suspense>
      </Shell>
      <Toaster position="bottom-right" closeButton />
    </PersonContext>
  );
}

function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid gap-4">
      <PageHeader title={title} lead="" />
      <p className="text-muted">{children}</p>
    </div>
  );
}
