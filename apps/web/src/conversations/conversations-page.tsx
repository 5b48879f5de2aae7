import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { Agencies } from './agencies.tsx';
import { ConversationList } from './conversation-list.tsx';
import { DatabasePanel } from './database-panel.tsx';
import { StoryStrip } from './story-strip.tsx';

export function ConversationsPage() {
  return (
    <div className="grid gap-6">
      <header>
        <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl/10">Conversations</h1>
        <p className="mt-1 max-w-2xl text-muted">
          Write to an agency. However often you press and whatever the network does, it starts once.
        </p>
      </header>
      <StoryStrip />
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="grid min-w-0 gap-6">
          <Agencies />
          <ConversationList />
        </div>
        <div className="grid min-w-0 gap-6">
          <DatabasePanel />
          <TroubleDials />
          <AttemptLog />
        </div>
      </div>
    </div>
  );
}
