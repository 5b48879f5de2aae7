import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { Page } from '../ui/page.tsx';
import { Agencies } from './agencies.tsx';
import { ConversationList } from './conversation-list.tsx';
import { DatabasePanel } from './database-panel.tsx';

const STORY = {
  happened:
    '“Send” looked for a conversation first. The look timed out, the form opened all the same, and agencies had the same inquiry twice.',
  protects:
    'One key an intent, kept through every retry: one message. And the domain’s own rule, one conversation with an agency, for whoever means it again: answered 200, with the one that is there.',
  breakIt:
    'Delay by two seconds: the look times out. Press Send twice, lose the answer, reload in the middle. Then count the rows.',
};

export default function ConversationsPage() {
  return (
    <Page
      title="Conversations"
      lead="Write to an agency. However often you press and whatever the network does, it starts once."
      story={STORY}
      aside={
        <>
          <DatabasePanel />
          <TroubleDials />
          <AttemptLog />
        </>
      }
    >
      <Agencies />
      <ConversationList />
    </Page>
  );
}
