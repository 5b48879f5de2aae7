import type { RunConfig } from './config.ts';

/** What happens to one click: the same in both lanes, at the same moment. */
export interface PlannedPress {
  /** From the start of the run, in ms. */
  readonly at: number;
  /** What the network and the server do to its first attempt, as the server's edge reads it. */
  readonly firstTrouble: string;
  /** And to the attempts after it: only what is slow stays so. */
  readonly laterTrouble: string;
  /** Stretches the waits between its attempts, so that they do not march in step. */
  readonly jitter: number;
}

/** A run's clicks and their faults, from its seed alone. */
export function plan({ clicks, gap, delay, lose, twice, kill, seed }: RunConfig): readonly PlannedPress[] {
  const random = seeded(seed);
  return Array.from({ length: clicks }, (_, index) => {
    const slow = delay > 0 && `delay=${Math.round(random() * delay)}`;
    const words = [
      slow,
      lose !== 'nothing' && `lose-${lose}`,
      twice && 'deliver-twice',
      kill !== 'never' && index === 0 && `kill=${kill}`,
    ];
    return {
      at: index * gap,
      firstTrouble: words.filter(Boolean).join(', '),
      laterTrouble: slow || '',
      jitter: 0.75 + random() / 2,
    };
  });
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
