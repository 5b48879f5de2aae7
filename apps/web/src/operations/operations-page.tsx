import { lazy, Suspense, useState } from 'react';
import { PageHeader } from '../ui/page.tsx';
import { KeyLife } from './key-life.tsx';
import { Purge } from './purge.tsx';
import { Records } from './records.tsx';

/** Drawn by a library of its own size: only who looks loads it. */
const Plots = lazy(() => import('./plots.tsx'));

export interface ChosenRecord {
  readonly scope: string;
  readonly key: string;
}

export default function OperationsPage() {
  const [chosen, setChosen] = useState<ChosenRecord>();
  return (
    <div className="grid gap-6">
      <PageHeader
        title="Operations"
        lead="Every key and its life. Never what was asked or answered: that is the person’s."
      />
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="grid min-w-0 gap-6">
          <Records chosen={chosen} onChoose={setChosen} />
          <Suspense fallback={<div className="h-80 rounded-2xl border border-line bg-surface" />}>
            <Plots />
          </Suspense>
        </div>
        <div className="grid min-w-0 gap-6">
          <KeyLife chosen={chosen} />
          <Purge />
        </div>
      </div>
    </div>
  );
}
