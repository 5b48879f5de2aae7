import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTRPC } from '../trpc.ts';
import type { RunConfig } from './config.ts';
import { labClient } from './lab-client.ts';
import { type Lane, type RunState, startRun } from './run.ts';
import type { Effect, ServerEvent } from './timeline.tsx';

const EVERY_MS = 300;
/** Rows may still come after the last answer: from a server that was killed and is back. */
const AFTERMATH_MS = 1_200;

/** What is frozen must be there first: both lanes start from the same moment. */
async function prepare({ kill }: RunConfig): Promise<void> {
  if (kill === 'frozen') await labClient.lab.startSecondServer.mutate().catch(() => {}); // then the run shows it
}

/** A run, and what the database holds of it. */
export function useRun() {
  const [state, setState] = useState<RunState>();
  const stop = useRef<AbortController>(undefined);
  const [isOver, setOver] = useState(false);
  const [isPreparing, setPreparing] = useState(false);
  useEffect(() => () => stop.current?.abort(), []);

  const press = (config: RunConfig) => {
    stop.current?.abort();
    stop.current = new AbortController();
    setOver(false);
    const { signal } = stop.current;
    setPreparing(true);
    void prepare(config).then(() => {
      if (signal.aborted) return;
      setPreparing(false);
      startRun(config, setState, signal);
    });
  };
  const endedAt = state?.endedAt;
  useEffect(() => {
    if (endedAt === undefined) return;
    const timer = setTimeout(() => setOver(true), AFTERMATH_MS);
    return () => clearTimeout(timer);
  }, [endedAt]);

  const held = useQuery(
    useTRPC().lab.run.queryOptions(
      { run: state?.run ?? '', key: state?.key ?? '' },
      { enabled: state !== undefined, refetchInterval: isOver ? false : EVERY_MS, retry: false },
    ),
  );
  const { data } = held;
  // The server's clock may differ from this one.
  const ahead = data ? data.now.getTime() - held.dataUpdatedAt : 0;
  const sinceStart = (at: Date) => at.getTime() - ahead - (state?.startedAt ?? 0);
  const effects: readonly Effect[] = data?.effects.map((effect) => ({ ...effect, at: sinceStart(effect.at) })) ?? [];
  const events: readonly ServerEvent[] = data?.events.map((event) => ({ ...event, at: sinceStart(event.at) })) ?? [];
  const rows: Readonly<Record<Lane, number>> | undefined = data && {
    without: effects.filter(({ lane }) => lane === 'without').length,
    with: effects.filter(({ lane }) => lane === 'with').length,
  };
  const isRunning = isPreparing || (state !== undefined && !isOver);
  return { state, press, effects, events, rows, isAway: held.isError, isPreparing, isRunning };
}
