import { useId } from 'react';
import { Panel } from '../ui/panel.tsx';
import { isQuiet, LONGEST_DELAY_MS, type Trouble, trouble } from './trouble.ts';

/** The network's faults, dialled by hand. */
export function TroubleDials() {
  const dialled = trouble.use();
  const change = (change: Partial<Trouble>) => trouble.update((before) => ({ ...before, ...change }));
  return (
    <Panel
      title="Break the network"
      aside={<span className="text-sm text-muted">{isQuiet(dialled) ? 'All is well' : 'Trouble is on'}</span>}
    >
      <div className="grid gap-4">
        <Switch
          label="Lose the next request"
          hint="It never arrives. Once."
          checked={dialled.loseNextRequest}
          onChange={(loseNextRequest) => change({ loseNextRequest })}
        />
        <Switch
          label="Lose the next answer"
          hint="The server does the work, then the connection breaks. Once."
          checked={dialled.loseNextAnswer}
          onChange={(loseNextAnswer) => change({ loseNextAnswer })}
        />
        <Switch
          label="Kill the server after the commit"
          hint="Its process dies before it can answer. Once; the demo starts it again."
          checked={dialled.killServer}
          onChange={(killServer) => change({ killServer })}
        />
        <Switch
          label="Deliver twice"
          hint="Each request reaches the server two times at once."
          checked={dialled.deliverTwice}
          onChange={(deliverTwice) => change({ deliverTwice })}
        />
        <Delay ms={dialled.delayMs} onChange={(delayMs) => change({ delayMs })} />
      </div>
    </Panel>
  );
}

function Switch(props: { label: string; hint: string; checked: boolean; onChange(checked: boolean): void }) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={props.checked}
        aria-checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
        aria-describedby={`${id}-hint`}
        className="mt-0.5 h-5 w-9 shrink-0 cursor-pointer appearance-none rounded-full border border-muted bg-sunken motion-safe:transition-colors before:block before:size-3.5 before:translate-x-0.5 before:translate-y-[2px] before:rounded-full before:bg-muted motion-safe:before:transition-transform checked:border-warn checked:bg-warn checked:before:translate-x-[1.125rem] checked:before:bg-surface"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="cursor-pointer font-medium">
          {props.label}
        </label>
        <p id={`${id}-hint`} className="text-sm text-muted">
          {props.hint}
        </p>
      </div>
    </div>
  );
}

function Delay({ ms, onChange }: { ms: number; onChange(ms: number): void }) {
  const id = useId();
  return (
    <div>
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          Delay
        </label>
        <output htmlFor={id} className="text-sm text-muted">
          {(ms / 1_000).toFixed(1)} s
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={LONGEST_DELAY_MS}
        step={250}
        value={ms}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        aria-describedby={`${id}-hint`}
        className="mt-1 w-full accent-warn"
      />
      <p id={`${id}-hint`} className="text-sm text-muted">
        Each request waits this long on its way: time to press again, or to reload.
      </p>
    </div>
  );
}
