import { canonicalJson } from "../../core/canonical-json.ts";
import { formatDecimal } from "../../core/decimal.ts";
import { MillraceError } from "../../core/errors.ts";
import { fingerprint } from "../../core/fingerprint.ts";
import type { AlertRow } from "../../language/plan/alert-row.ts";
import { componentsOf, type Component } from "../../language/plan/measure.ts";
import { metricComponents, type MetricRow } from "../../language/plan/metric-row.ts";
import type { AnomalyNode, MetricNode } from "../../language/plan/nodes.ts";
import { anomalyMeaning } from "../../language/plan/plan-json.ts";
import type { Value } from "../../language/plan/value.ts";
import { Entry, type EntryCodec, type KeyedState } from "./keyed-state.ts";
import { median, medianDeviation } from "./median.ts";

/** Makes the median absolute deviation comparable with a standard deviation (normal data). */
const DEVIATION_FACTOR = 1.4826;

/** The last closed windows of one key. */
export class KeyHistory extends Entry {
  /** Start of the newest of them, ms. */
  last = -Infinity;
  /** Their values, oldest first, at most `history`. */
  values: number[] = [];
}

export const historyCodec: EntryCodec<KeyHistory> = {
  encode: ({ last, values }, writer) => void writer.text(JSON.stringify([last, ...values])),
  decode: (bucket, key, text) => {
    const [last, ...values] = JSON.parse(text) as [number, ...number[]];
    const entry = new KeyHistory(bucket, key);
    entry.last = last;
    entry.values = values;
    return entry;
  },
};

/**
 * Watches one measure over closed windows: an alert where it is at least `threshold` spreads from
 * the median of the `history` preceding windows of the key. A window that is missing between two is
 * 0 in that history (no alert is about it: there is no row to point at). Takes rows in the order
 * in which they closed, which per key is the order of their windows.
 */
export class AnomalyOperator {
  readonly node: AnomalyNode;
  readonly #metric: MetricNode;
  readonly #meaning: string;
  readonly #state: KeyedState<KeyHistory>;
  readonly #components: readonly Component[];
  /** Position of the measure's first component in a row. */
  readonly #at: number;
  /** Distance of windows, ms; of sessions there is none. */
  readonly #everyMs: number | undefined;

  constructor(node: AnomalyNode, metric: MetricNode, state: KeyedState<KeyHistory>) {
    const measure = metric.measures.find((each) => each.name === node.measure);
    if (measure === undefined) {
      throw new MillraceError(
        "DEFINITION_INVALID",
        `${metric.name} has no measure ${node.measure}`,
        {
          field: node.name,
        },
      );
    }
    this.node = node;
    this.#metric = metric;
    this.#meaning = anomalyMeaning(node, metric);
    this.#state = state;
    this.#components = componentsOf(measure);
    const first = this.#components[0]!.name;
    this.#at = metricComponents(metric).findIndex((each) => each.name === first);
    const { window } = metric;
    this.#everyMs =
      window.kind === "session"
        ? undefined
        : window.kind === "tumbling"
          ? window.sizeMs
          : window.everyMs;
  }

  /** Takes the rows that a commit emitted; the state must be saved and settled afterwards. */
  take(rows: readonly MetricRow[]): AlertRow[] {
    const alerts: AlertRow[] = [];
    for (const row of rows) {
      if (!row.closed || row.op === "delete") continue;
      const alert = this.#look(row, this.#value(row));
      if (alert !== undefined) alerts.push(alert);
    }
    return alerts;
  }

  /** A window without a value (nothing to sum, nothing to divide by) is no part of the history. */
  #look(row: MetricRow, value: number | undefined): AlertRow | undefined {
    const known = this.#state.get(0, row.key);
    if (known === undefined && value === undefined) return undefined;
    const entry = known ?? new KeyHistory(0, row.key);
    this.#fill(entry, row.windowStart);
    const alert = this.#judge(entry, row, value);
    if (value !== undefined) this.#push(entry, value);
    entry.last = row.windowStart;
    if (known === undefined) this.#state.add(entry);
    else this.#state.touch(entry);
    return alert;
  }

  /** A 0 for each window between the last one and `start`. */
  #fill(entry: KeyHistory, start: number): void {
    if (this.#everyMs === undefined || entry.last === -Infinity) return;
    const missing = (start - entry.last) / this.#everyMs - 1;
    for (let n = Math.min(missing, this.node.history); n > 0; n--) this.#push(entry, 0);
  }

  #push(entry: KeyHistory, value: number): void {
    entry.values.push(value);
    if (entry.values.length > this.node.history) entry.values.shift();
  }

  #judge(entry: KeyHistory, row: MetricRow, value: number | undefined): AlertRow | undefined {
    const { node } = this;
    if (value === undefined || entry.values.length < node.warmUp) return undefined;
    const centre = median(entry.values);
    const deviation = medianDeviation(entry.values, centre);
    const spread = Math.max(DEVIATION_FACTOR * deviation, node.floor);
    const score = (value - centre) / spread;
    if (!(Math.abs(score) >= node.threshold)) return undefined;
    return {
      id: fingerprint(canonicalJson([this.#meaning, row.key, row.windowStart])),
      anomaly: node.name,
      metric: this.#metric.name,
      measure: node.measure,
      key: row.key,
      dimensions: row.dimensions,
      windowStart: row.windowStart,
      windowEnd: row.windowEnd,
      value,
      median: centre,
      spread,
      score,
      version: row.version,
    };
  }

  /** The measure as a number; none where it is null or can't be divided. */
  #value(row: MetricRow): number | undefined {
    const [first, second] = this.#components.map((component, index) =>
      numberOf(component, row.components[this.#at + index] ?? null),
    );
    if (this.#components.length === 1) return first;
    return first === undefined || second === undefined || second === 0 ? undefined : first / second;
  }
}

function numberOf({ type }: Component, value: Value): number | undefined {
  if (value === null) return undefined;
  return type.kind === "decimal"
    ? Number(formatDecimal(value as bigint, type.scale))
    : Number(value);
}
