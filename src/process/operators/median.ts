/** The median of numbers, not necessarily sorted; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median absolute deviation from `centre`. */
export const medianDeviation = (values: readonly number[], centre: number): number =>
  median(values.map((value) => Math.abs(value - centre)));
