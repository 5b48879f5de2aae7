import type { ComponentProps } from 'react';

const KINDS = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  secondary: 'bg-surface text-ink border-line hover:border-muted',
} as const;

export function Button({
  kind = 'secondary',
  className = '',
  ...props
}: ComponentProps<'button'> & { kind?: keyof typeof KINDS }) {
  return (
    <button
      type="button"
      className={`inline-flex min-h-10 items-center justify-center gap-2 rounded-lg border px-4 py-1.5 font-medium motion-safe:transition-colors ${KINDS[kind]} ${className}`}
      {...props}
    />
  );
}
