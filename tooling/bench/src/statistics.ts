/** @param part 0.5: the median. @throws {RangeError} if there are no values */
export function quantile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Half the distance between the quartiles, as a part of the median: how far to believe a number. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / middle;
}
