import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { Page } from '../ui/page.tsx';
import { Chat } from './chat.tsx';
import { ChatCounts } from './chat-counts.tsx';
import { KeylessClient } from './keyless-client.tsx';

const STORY = {
  happened:
    'The key column was optional. NULL equals nothing in a unique constraint, so a retry without a key wrote the message again.',
  protects:
    'No key, no row: keys live in oncekey’s own table, where they cannot be NULL. For a client that sends none the server decides: refuse, make one, or take the content for it.',
  breakIt:
    'Go offline, send ten messages, close the tab, come back: they arrive once and in order. Then send without a key, twice, in each of the four ways.',
};

export default function MessagesPage() {
  return (
    <Page
      title="Messages"
      lead="A chat whose messages arrive once and in order, from a train, too."
      story={STORY}
      aside={
        <>
          <ChatCounts />
          <KeylessClient />
          <TroubleDials />
          <AttemptLog />
        </>
      }
    >
      <Chat />
    </Page>
  );
}
