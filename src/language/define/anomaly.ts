import { deepFreeze } from "../../core/freeze.ts";
import type { AnomalyNode } from "../plan/nodes.ts";
import type { MeasureReference } from "./metric.ts";

/** A defined anomaly detector. */
export interface AnomalyDefinition {
  readonly node: AnomalyNode;
}

export interface AnomalyOptions {
  readonly on: MeasureReference;
  /** How many closed windows of the same key to compare with; 2 to 1,000. */
  readonly history: number;
  /** Robust deviations that count as unusual; 4 by default. */
  readonly threshold?: number;
  /** The least spread assumed, in the measure's unit; 1 by default. */
  readonly floor?: number;
  /** Closed windows before anything is said; half the history by default. */
  readonly warmUp?: number;
}

/** Watches a measure: median and MAD over the preceding closed windows of the same key. */
export function anomaly(name: string, options: AnomalyOptions): AnomalyDefinition {
  const node: AnomalyNode = {
    kind: "anomaly",
    name,
    metric: options.on.metric.name,
    measure: options.on.measure,
    history: options.history,
    threshold: options.threshold ?? 4,
    floor: options.floor ?? 1,
    warmUp: options.warmUp ?? Math.ceil(options.history / 2),
  };
  return Object.freeze({ node: deepFreeze(node) });
}
