import { AttemptLog } from '../network/attempt-log.tsx';
import { TroubleDials } from '../network/trouble-dials.tsx';
import { Page } from '../ui/page.tsx';
import { AccountingDay } from './accounting-day.tsx';
import { InvoiceList } from './invoice-list.tsx';
import { Orders } from './orders.tsx';

const STORY = {
  happened:
    'Two people made an invoice for the same order, a retry made a third. All were pushed to the accounting service, and paid.',
  protects:
    'The key stops a retry. An order’s own row stops a second intent: 409, with which invoice, by whom and when. The worker asks the accounting service before it enters anything again.',
  breakIt:
    'Press Create twice, lose its answer, kill the server. Then let the accounting service lose its answers and kill the workers. One invoice, one entry, one payment.',
};

export default function InvoicesPage() {
  return (
    <Page
      title="Invoices"
      lead="From orders to invoices to the books of an accounting service, each once."
      story={STORY}
      aside={
        <>
          <AccountingDay />
          <TroubleDials />
          <AttemptLog />
        </>
      }
    >
      <Orders />
      <InvoiceList />
    </Page>
  );
}
