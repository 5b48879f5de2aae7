import {
  Activity,
  FileUp,
  FlaskConical,
  KeyRound,
  ListChecks,
  type LucideIcon,
  MessageCircle,
  MessagesSquare,
  ReceiptText,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { PersonMenu } from '../session/person-menu.tsx';

const PAGES: readonly { path: string; name: string; icon: LucideIcon; isForAdmins?: boolean }[] = [
  { path: '/', name: 'Lab', icon: FlaskConical },
  { path: '/conversations', name: 'Conversations', icon: MessagesSquare },
  { path: '/invoices', name: 'Invoices', icon: ReceiptText },
  { path: '/imports', name: 'Imports', icon: FileUp },
  { path: '/tasks', name: 'Tasks', icon: ListChecks },
  { path: '/messages', name: 'Messages', icon: MessageCircle },
  { path: '/operations', name: 'Operations', icon: Activity, isForAdmins: true },
];

/** The frame of every page: what it is, where one is, who one is. */
export function Shell({ person, children }: { person?: string; children?: ReactNode }) {
  const [location] = useLocation();
  return (
    <div className="mx-auto min-h-dvh max-w-[90rem] lg:grid lg:grid-cols-[15rem_1fr]">
      <header className="flex flex-wrap items-center gap-x-6 gap-y-2 border-b border-line px-4 py-3 sm:px-6 lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:gap-8 lg:border-r lg:border-b-0 lg:px-5 lg:py-6">
        <p className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
          <span className="grid size-8 place-items-center rounded-lg bg-accent text-on-accent">
            <KeyRound aria-hidden size={18} />
          </span>
          oncekey
        </p>
        {person && (
          <>
            <nav
              aria-label="Pages"
              className="order-last -mx-1 flex w-full gap-1 overflow-x-auto px-1 py-1 lg:order-none lg:flex-1 lg:flex-col lg:overflow-visible"
            >
              {PAGES.map(({ path, name, icon: Icon, isForAdmins }) => {
                const isHere = path === location;
                if (isForAdmins && person !== 'admin') return null;
                return (
                  <Link
                    key={path}
                    href={path}
                    aria-current={isHere ? 'page' : undefined}
                    className={`inline-flex shrink-0 items-center gap-2.5 rounded-lg px-3 py-2 font-medium ${isHere ? 'bg-accent-soft text-accent-strong' : 'text-muted hover:bg-sunken hover:text-ink'}`}
                  >
                    <Icon aria-hidden size={18} />
                    {name}
                  </Link>
                );
              })}
            </nav>
            <PersonMenu person={person} />
          </>
        )}
      </header>
      <main className="min-w-0 px-4 py-6 sm:px-6 lg:px-10 lg:py-9">{children}</main>
    </div>
  );
}
