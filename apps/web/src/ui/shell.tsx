import { KeyRound, MessagesSquare } from 'lucide-react';
import type { ReactNode } from 'react';
import { PersonMenu } from '../session/person-menu.tsx';

/** The frame of every page: what it is, where one is, who one is. */
export function Shell({ person, children }: { person?: string; children?: ReactNode }) {
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
            <nav aria-label="Features" className="order-last w-full lg:order-none lg:flex-1">
              <a
                href="/"
                aria-current="page"
                className="inline-flex w-full items-center gap-2.5 rounded-lg bg-accent-soft px-3 py-2 font-medium text-accent-strong"
              >
                <MessagesSquare aria-hidden size={18} />
                Conversations
              </a>
            </nav>
            <PersonMenu person={person} />
          </>
        )}
      </header>
      <main className="min-w-0 px-4 py-6 sm:px-6 lg:px-10 lg:py-9">{children}</main>
    </div>
  );
}
