import type { MetricNode } from "../../language/plan/nodes.ts";

/** Late or imported events of an hour in a partition. */
export interface TouchedRecord {
  readonly topic: string;
  readonly partition: number;
  /** Start of the hour, ms. */
  readonly hour: number;
  readonly lastOffset: number;
}

/** What batch needs to know of the stream. */
export interface StreamView {
  touched(): Promise<readonly TouchedRecord[]>;
  /** Forgets records, save those to which events were added since they were read. */
  clear(records: readonly TouchedRecord[]): Promise<void>;
  /** From when on the stream counts this meaning of a metric, ms. */
  sinceMs(metric: MetricNode): number;
}
