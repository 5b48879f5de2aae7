import type { ReactNode } from 'react';

const TONES = {
  accent: 'border-accent/40 bg-accent-soft text-accent-strong',
  warn: 'border-warn/40 bg-warn-soft text-warn',
  danger: 'border-danger/40 bg-danger-soft text-danger',
  quiet: 'border-line bg-sunken text-muted',
} as const;

export type Tone = keyof typeof TONES;

/** A sentence that matters, and what can be done. Colour never says it alone. */
export function Notice({ tone, title, children }: { tone: Tone; title: string; children?: ReactNode }) {
  return (
    <div className={`rounded-xl border px-4 py-3 ${TONES[tone]}`}>
      <p className="font-semibold">{title}</p>
      {children && <div className="mt-0.5 text-ink">{children}</div>}
    </div>
  );
}
