import type { ReactNode } from 'react';
import { Notice } from './notice.tsx';

interface Query<T> {
  readonly data: T | undefined;
  readonly isError: boolean;
  refetch(): unknown;
}

/** A list that is on its way, is empty, failed, or is there. What was read before stays on the page. */
export function QueryState<T extends readonly unknown[]>(props: {
  query: Query<T>;
  /** How many lines to keep free while it loads, so that nothing jumps. */
  lines: number;
  empty: ReactNode;
  children(data: T): ReactNode;
}) {
  const { query, lines, empty, children } = props;
  if (query.data) return query.data.length > 0 ? children(query.data) : <p className="text-muted">{empty}</p>;
  if (query.isError) {
    return (
      <Notice tone="danger" title="This could not be read.">
        <button type="button" className="underline" onClick={() => query.refetch()}>
          Try again
        </button>
      </Notice>
    );
  }
  return (
    <div className="grid gap-4 py-1">
      <span className="sr-only">Loading…</span>
      {Array.from({ length: lines }, (_, line) => line).map((line) => (
        <div key={line} className="h-10 motion-safe:animate-pulse rounded-lg bg-sunken" />
      ))}
    </div>
  );
}
