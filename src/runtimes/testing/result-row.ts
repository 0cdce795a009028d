import type { JsonValue } from "../../serve/metrics/metric-value.ts";

/** What a row of a result is about; an expected row begins with one of these. */
export const ROW_KINDS = ["event", "metric", "anomaly", "rule", "topic"] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/**
 * One row that a pipeline gave for a test's documents:
 *
 * - `event`: what became of a document: `event` (its id), `line`, `status`, `reason`, `field`, `rule`
 * - `metric`: `window_start`, `window_end`, dimensions, measures; `late_pending` and `incomplete`
 * - `anomaly`: `window_start`, dimensions, `value`, `median`, `score`
 * - `rule`: `broken`, how many events broke it
 * - `topic`: a stored row of an event, table or stream: its columns by their dotted paths
 */
export interface ResultRow {
  readonly kind: RowKind;
  /** The metric's, anomaly's, rule's or topic's name; of an event its id, "" where it has none. */
  readonly name: string;
  readonly columns: ReadonlyMap<string, JsonValue>;
  /** The columns that say which row it is; the others are what it says. */
  readonly identity: readonly string[];
}

/** A row with columns in the order given. */
export const resultRow = (
  kind: RowKind,
  name: string,
  columns: Readonly<Record<string, JsonValue | undefined>>,
  identity: readonly string[],
): ResultRow => ({
  kind,
  name,
  columns: new Map(
    Object.entries(columns).filter((each): each is [string, JsonValue] => each[1] !== undefined),
  ),
  identity,
});
