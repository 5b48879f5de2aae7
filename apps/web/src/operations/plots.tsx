import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTRPC } from '../trpc.ts';
import { Panel } from '../ui/panel.tsx';

/** What a plot shows, with the colour of its line. Colour is not alone: each line has its name and count beside it. */
const KINDS = [
  ['succeeded', 'executed', '--accent'],
  ['replayed', 'replayed', '--chart-2'],
  ['waited', 'waited', '--chart-3'],
  ['conflict', 'conflicts', '--danger'],
  ['taken-over', 'takeovers', '--warn'],
  ['suspected-duplicate', 'suspected duplicates', '--chart-4'],
] as const;
const MINUTES = 60;

/** The last hour, a point a minute. */
export default function Plots() {
  const plots = useQuery(useTRPC().operations.plots.queryOptions(undefined, { refetchInterval: 5_000 }));
  const series = plots.data?.series ?? [];
  const newest = Math.floor(Date.now() / 60_000) * 60;
  const minutes = Array.from({ length: MINUTES }, (_, index) => newest - (MINUTES - 1 - index) * 60);
  const counts = KINDS.map(([kind]) =>
    minutes.map((minute) => series.find((point) => point.kind === kind && point.minute === minute)?.count ?? 0),
  );
  const times = (plots.data?.latencies ?? []).map(({ ms }) => ms).sort((a, b) => a - b);
  const quantile = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return (
    <Panel title="The last hour">
      <Plot minutes={minutes} counts={counts} />
      <dl className="mt-4 grid grid-cols-2 gap-3 sm:grid-cols-4">
        {KINDS.map(([kind, name, colour], index) => (
          <div key={kind} className="flex flex-col-reverse">
            <dt className="flex items-center gap-1.5 text-sm text-muted">
              <span aria-hidden className="size-2.5 rounded-sm" style={{ background: `var(${colour})` }} />
              {name}
            </dt>
            <dd className="text-xl font-semibold">{counts[index]?.reduce((sum, count) => sum + count, 0)}</dd>
          </div>
        ))}
        <Latency name="p50" ms={quantile(0.5)} />
        <Latency name="p99" ms={quantile(0.99)} />
      </dl>
    </Panel>
  );
}

function Latency({ name, ms }: { name: string; ms: number | undefined }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-sm text-muted">{name} of this server</dt>
      <dd className="text-xl font-semibold">{ms === undefined ? '–' : `${ms.toFixed(1)} ms`}</dd>
    </div>
  );
}

function Plot({ minutes, counts }: { minutes: number[]; counts: number[][] }) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const place = element.current;
    if (!place) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 } };
    plot.current = new uPlot(
      {
        width: place.clientWidth,
        height: 220,
        legend: { show: false },
        cursor: { show: false },
        axes: [axis, { ...axis, size: 44 }],
        scales: { y: { range: (_, __, max) => [0, Math.max(4, max)] } },
        series: [
          {},
          ...KINDS.map(([, label, name]) => ({ label, stroke: colour(name), width: 2, points: { show: false } })),
        ],
      },
      [[], ...KINDS.map(() => [])],
      place,
    );
    const fit = new ResizeObserver(() => plot.current?.setSize({ width: place.clientWidth, height: 220 }));
    fit.observe(place);
    return () => {
      fit.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([minutes, ...counts]);
  });
  return (
    <div
      ref={element}
      className="h-[220px]"
      role="img"
      aria-label="Events of the last hour, by minute; their sums are below"
    />
  );
}
