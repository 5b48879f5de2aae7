import { useQuery } from '@tanstack/react-query';
import { ConversationsPage } from './conversations/conversations-page.tsx';
import { SignIn } from './session/sign-in.tsx';
import { useTRPC } from './trpc.ts';
import { Notice } from './ui/notice.tsx';
import { Shell } from './ui/shell.tsx';

export function App() {
  const me = useQuery(useTRPC().session.me.queryOptions());
  if (me.isPending) return <Shell />;
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
  return (
    <Shell person={me.data.person}>
      <ConversationsPage key={me.data.person} />
    </Shell>
  );
}
