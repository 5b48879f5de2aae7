import { type ReactNode, useId } from 'react';

/** A titled part of a page. */
export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0 rounded-2xl border border-line bg-surface shadow-card">
      <header className="flex min-h-12 items-center justify-between gap-3 border-b border-line px-5 py-2.5">
        <h2 id={id} className="font-semibold tracking-tight">
          {title}
        </h2>
        {aside}
      </header>
      <div className="p-5">{children}</div>
    </section>
  );
}
