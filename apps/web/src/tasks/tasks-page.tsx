import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { Page } from '../ui/page.tsx';
import { Mailbox } from './mailbox.tsx';
import { NewTask } from './new-task.tsx';
import { TaskList } from './task-list.tsx';
import { WorkerPanel } from './worker-panel.tsx';

const STORY = {
  happened:
    'A job checked Redis, sent the mail and then wrote down that it had. Two workers passed the check at once; a crash in between sent it again, and a stuck “processing” blocked it for a day.',
  protects:
    'The task, its job and its key are one commit. A worker holds a lease; the next one takes over, asks the mail server whether it has the mail, and only then sends.',
  breakIt:
    'Ask for the worst moment: the worker dies right after the mail server said yes. Kill the workers by hand. Welcome the same address twice.',
};

export default function TasksPage() {
  return (
    <Page
      title="Tasks"
      lead="Mail, payments and a synchronisation, done by workers that may die at any time."
      story={STORY}
      aside={
        <>
          <WorkerPanel />
          <Mailbox />
          <TroubleDials />
          <AttemptLog />
        </>
      }
    >
      <NewTask />
      <TaskList />
    </Page>
  );
}
