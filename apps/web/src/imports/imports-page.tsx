import { useQuery } from '@tanstack/react-query';
import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { KillWorkers } from '../tasks/kill-workers.tsx';
import { useTRPC } from '../trpc.ts';
import { Counts } from '../ui/counts.tsx';
import { Page } from '../ui/page.tsx';
import { ImportJobs } from './import-jobs.tsx';
import { NewImport } from './new-import.tsx';

const STORY = {
  happened:
    'The key had a timestamp in it, so every click was a new import: ten jobs for one file, and its rows ten times.',
  protects:
    'Two keys. The intent’s own, for retries. And one of the file and its mapping while a job runs: whoever presses again is shown the job that is there. Afterwards it may be imported again.',
  breakIt: 'Press Import ten times, in three tabs. Kill the workers in the middle. Reload. One job, no row twice.',
};

export default function ImportsPage() {
  const counts = useQuery(useTRPC().imports.counts.queryOptions(undefined, { refetchInterval: 1_000 }));
  return (
    <Page
      title="Imports"
      lead="A hundred thousand rows in the background: one job a file, however impatient you are."
      story={STORY}
      aside={
        <>
          <Counts isAway={counts.isError} counts={{ Contacts: counts.data?.contacts, Jobs: counts.data?.jobs }}>
            <div className="mt-4">
              <KillWorkers />
            </div>
          </Counts>
          <TroubleDials />
          <AttemptLog />
        </>
      }
    >
      <NewImport />
      <ImportJobs />
    </Page>
  );
}
