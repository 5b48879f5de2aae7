const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TEN_YEARS_MS = 3_650 * UNITS.d;

/** A span of time: milliseconds, or a number with a unit, such as `'500ms'`, `'10s'`, `'24h'`, `'30d'`. */
export type Duration = number | `${number}${keyof typeof UNITS}`;

/**
 * A duration in whole milliseconds.
 *
 * @param name the option it came from, for the error
 * @param least the smallest value allowed, in ms
 * @throws {RangeError} if it is not a number, not finite, under `least` or over ten years
 */
export function toMilliseconds(duration: Duration, name: string, least = 0): number {
  const ms = Math.round(typeof duration === 'number' ? duration : parse(duration));
  if (ms >= least && ms <= TEN_YEARS_MS) return ms;
  throw new RangeError(
    `${name} must be a duration from ${least} ms to ten years, such as 5000 or '24h'; got ${JSON.stringify(duration)}`,
  );
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match) return Number.NaN;
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
