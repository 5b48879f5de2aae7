import type { ReactNode } from 'react';

export interface Story {
  readonly happened: string;
  readonly protects: string;
  readonly breakIt: string;
}

/** A feature's page: what it is, its story told quietly, its work on the left and what watches it on the right. */
export function Page(props: {
  title: string;
  lead: string;
  story: Story;
  /** What watches: the database, the dials, the log. */
  aside: ReactNode;
  children: ReactNode;
}) {
  const { title, lead, story, aside, children } = props;
  return (
    <div className="grid gap-6">
      <PageHeader title={title} lead={lead} />
      <dl className="grid gap-px overflow-hidden rounded-2xl border border-line bg-line md:grid-cols-3">
        <Part title="What happened" text={story.happened} />
        <Part title="What protects it here" text={story.protects} />
        <Part title="Break it" text={story.breakIt} />
      </dl>
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="grid min-w-0 gap-6">{children}</div>
        <div className="grid min-w-0 gap-6">{aside}</div>
      </div>
    </div>
  );
}

export function PageHeader({ title, lead }: { title: string; lead: string }) {
  return (
    <header>
      <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl/10">{title}</h1>
      <p className="mt-1 max-w-2xl text-muted">{lead}</p>
    </header>
  );
}

function Part({ title, text }: { title: string; text: string }) {
  return (
    <div className="bg-sunken px-5 py-4">
      <dt className="text-sm font-semibold">{title}</dt>
      <dd className="mt-1 text-sm/5.5 text-muted">{text}</dd>
    </div>
  );
}
