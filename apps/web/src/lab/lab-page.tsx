import { useMutation } from '@tanstack/react-query';
import { Link2, MousePointerClick, Pause, Play, Skull, StepForward } from 'lucide-react';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { useSearch } from 'wouter';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { Code } from './code.tsx';
import { PRESETS, readConfig, writeConfig } from './config.ts';
import { Dials } from './dials.tsx';
import { Lanes } from './lanes.tsx';
import type { RunState } from './run.ts';
import { Timeline } from './timeline.tsx';
import { usePlayback } from './use-playback.ts';
import { useRun } from './use-run.ts';
import { sentenceOf } from './words.ts';

/** One page to convince a sceptic in a minute. */
export function LabPage() {
  const [{ preset, config }, setChosen] = useState(() => readConfig(location.search));
  const search = useSearch();
  useEffect(() => setChosen(readConfig(search && `?${search}`)), [search]);
  const { state, press, effects, events, rows, isAway, isPreparing, isRunning } = useRun();
  const playback = usePlayback(state, isRunning);
  const kill = useKill();

  const choose = (next: { preset: typeof preset; config: typeof config }) => {
    setChosen(next);
    history.replaceState(null, '', writeConfig(next.preset, next.config));
  };
  return (
    <div className="grid gap-6">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div>
          <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-3xl/10">
            Press it as often as you like. It happens once.
          </h1>
          <p className="mt-1 max-w-2xl text-muted">
            One button, the same action in two lanes, the same trouble for both. Count the rows.
          </p>
        </div>
      </header>
      <div className="grid gap-5">
        <Lanes state={state} rows={state ? rows : { without: 0, with: 0 }} isAway={isAway} />
        <div className="flex flex-wrap items-center gap-3">
          <Button kind="primary" className="min-h-12 flex-1 px-6 text-lg sm:flex-none" onClick={() => press(config)}>
            <MousePointerClick aria-hidden size={20} />
            {pressName(config.clicks)}
          </Button>
          <Button onClick={kill}>
            <Skull aria-hidden size={16} />
            Kill the server now
          </Button>
          <p className="text-sm text-muted" role="status">
            {isPreparing && config.kill === 'frozen' ? (
              'A second server starts: the one to be frozen.'
            ) : (
              <>
                <kbd className="font-sans">Enter</kbd> presses, <kbd className="font-sans">K</kbd> kills
              </>
            )}
          </p>
        </div>
        <Dials
          preset={preset}
          config={config}
          onPreset={(name) => choose({ preset: name, config: PRESETS[name].config })}
          onChange={(change) => choose({ preset, config: { ...config, ...change } })}
        />
      </div>
      {config.effect === 'unasked' && (
        <p className="rounded-xl border border-warn/40 bg-warn-soft px-4 py-3 text-warn">
          <span className="font-semibold">The limit.</span> The other system takes no request id and cannot be asked.
          Killed right after it has said yes, before that is written down, the retry must guess. Choose one that can be
          asked, and the same crash happens once.
        </p>
      )}
      <Panel title="What happened" aside={state && <RunLink />}>
        {state ? (
          <>
            <div className="mb-4 flex flex-wrap items-center gap-3">
              <Button onClick={playback.toggle} disabled={isRunning}>
                {playback.isPlaying ? <Pause aria-hidden size={16} /> : <Play aria-hidden size={16} />}
                {playback.isPlaying ? 'Pause' : 'Replay'}
              </Button>
              <Button onClick={playback.step} disabled={isRunning}>
                <StepForward aria-hidden size={16} />
                Step
              </Button>
              <input
                type="range"
                aria-label="Moment of the run, in ms"
                min={0}
                max={Math.round(playback.total)}
                value={Math.round(playback.until)}
                disabled={isRunning}
                onChange={(event) => playback.seek(Number(event.target.value))}
                className="min-w-32 flex-1 accent-(--accent)"
              />
              <span className="w-20 text-right text-sm text-muted">
                {Math.round(playback.until).toLocaleString('en')} ms
              </span>
            </div>
            <Timeline state={state} effects={effects} events={events} until={playback.until} total={playback.total} />
            <AsText state={state} />
          </>
        ) : (
          <p className="min-h-40 text-muted">
            Press the button. Every attempt appears here as a bar: sent, waiting, executed, replayed or lost, and every
            row that PostgreSQL holds afterwards.
          </p>
        )}
      </Panel>
      <Panel title="The code that ran">
        <Code effect={config.effect} />
      </Panel>
    </div>
  );
}

function pressName(clicks: number): string {
  return clicks === 1 ? 'Press both' : `Press both ${clicks} times`;
}

function useKill(): () => void {
  const { mutate } = useMutation(useTRPC().lab.killServer.mutationOptions({ retry: false }));
  const kill = () => {
    mutate();
    toast('The server is killed, and starts again.');
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.matches('input:not([type=range]), select, textarea');
      if (event.key !== 'k' || isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      mutate();
      toast('The server is killed, and starts again.');
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [mutate]);
  return kill;
}

function RunLink() {
  const copy = async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    toast('The address of this run was copied.');
  };
  return (
    <button type="button" onClick={copy} className="inline-flex items-center gap-1.5 text-sm text-muted hover:text-ink">
      <Link2 aria-hidden size={15} />
      Copy the link to this run
    </button>
  );
}

function AsText({ state }: { state: RunState }) {
  return (
    <details className="mt-4">
      <summary className="cursor-pointer text-sm text-muted hover:text-ink">The same as text</summary>
      <ol className="mt-2 grid gap-1 text-sm" aria-label="Attempts">
        {state.bars.slice(0, 60).map((bar) => (
          <li key={bar.id}>{sentenceOf(bar, state.key)}</li>
        ))}
      </ol>
    </details>
  );
}
