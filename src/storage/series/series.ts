/** One value at one time, of the series that its name and its labels make. */
export interface Sample {
  /** Letters, digits and `_`, no digit first. */
  readonly name: string;
  /** An empty value is as good as no label. */
  readonly labels: Readonly<Record<string, string>>;
  /** ms. */
  readonly time: number;
  readonly value: number;
}

/** A database of time series, for others' dashboards and alerts. */
export interface SeriesStore {
  /**
   * Resolves when the store has all of them; the same may be written again. Throws
   * `SERIES_UNAVAILABLE`: try again; some may be there. Throws `SERIES_REFUSED`: these will never
   * be taken.
   */
  write(samples: readonly Sample[]): Promise<void>;
  close(): void;
}
