import { useEffect, useState } from 'react';
import type { RunState } from './run.ts';

const FRAME_MS = 50;
const TOGETHER_MS = 20;

/** Up to when a run is shown: now while it runs; afterwards wherever one stops, steps or plays. */
export function usePlayback(state: RunState | undefined, isRunning: boolean) {
  const [at, setAt] = useState<number>();
  const [isPlaying, setPlaying] = useState(false);
  const [now, setNow] = useState(0);
  const startedAt = state?.startedAt;
  useEffect(() => {
    setAt(undefined);
    setPlaying(false);
    setNow(0);
    if (startedAt === undefined || !isRunning) return;
    const timer = setInterval(() => setNow(Date.now() - startedAt), FRAME_MS);
    return () => clearInterval(timer);
  }, [startedAt, isRunning]);

  const last = Math.max(0, ...(state?.bars.map((bar) => bar.to ?? bar.from) ?? []));
  const total = Math.max(1_000, isRunning ? Math.max(now, last) : last + 250);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => {
      setAt((before = 0) => {
        if (before + FRAME_MS < total) return before + FRAME_MS;
        setPlaying(false);
        return undefined;
      });
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [isPlaying, total]);

  /** The moments at which something began or ended. */
  const moments = [
    ...new Set(state?.bars.flatMap(({ from, to }) => (to === undefined ? [from] : [from, to])) ?? []),
  ].sort((a, b) => a - b);
  return {
    until: at ?? total,
    total,
    isPlaying,
    seek(ms: number) {
      setPlaying(false);
      setAt(ms);
    },
    toggle() {
      if (!isPlaying && (at === undefined || at >= total - FRAME_MS)) setAt(0);
      setPlaying(!isPlaying);
    },
    /** What happens together, such as a click in both lanes, is one step. */
    step() {
      setPlaying(false);
      const next = moments.find((moment) => moment > (at ?? -1)) ?? 0;
      setAt(Math.max(...moments.filter((moment) => moment <= next + TOGETHER_MS)));
    },
  };
}
