import { median, quantile, spread } from './statistics.ts';

/** Something that is done again and again. */
export interface Contestant {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface Measured {
  readonly name: string;
  /** A second, the median of the rounds. */
  readonly ops: number;
  /** To the first contestant's, round by round, so that what slows a round down slows both; the median. */
  readonly ratio: number;
  /** Of the ratio. */
  readonly spread: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly roundMs: number;
  readonly concurrency: number;
}

/** Interleaved, A B C A B C …, so that what the machine does meanwhile is shared by all. */
export async function measure(contestants: readonly Contestant[], options: Rounds): Promise<Measured[]> {
  const samples = contestants.map(({ name, run }) => ({ name, run, ops: [] as number[], latencies: [] as number[] }));
  for (const { run } of samples) await round(run, { ...options, roundMs: options.roundMs / 4 }); // warm
  for (let turn = 0; turn < options.rounds; turn++) {
    for (const sample of samples) {
      const { ops, latencies } = await round(sample.run, options);
      sample.ops.push(ops);
      for (const latency of latencies) sample.latencies.push(latency);
    }
  }
  const baseline = samples[0]?.ops ?? [];
  return samples.map(({ name, ops, latencies }) => {
    const ratios = ops.map((each, turn) => each / (baseline[turn] ?? Number.NaN));
    return {
      name,
      ops: median(ops),
      ratio: median(ratios),
      spread: spread(ratios),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
    };
  });
}

async function round(run: Contestant['run'], { roundMs, concurrency }: Pick<Rounds, 'roundMs' | 'concurrency'>) {
  const latencies: number[] = [];
  const begun = performance.now();
  const end = begun + roundMs;
  const work = async () => {
    for (let at = performance.now(); at < end; ) {
      await run();
      const now = performance.now();
      latencies.push(now - at);
      at = now;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - begun) / 1_000;
  return { ops: latencies.length / seconds, latencies };
}
