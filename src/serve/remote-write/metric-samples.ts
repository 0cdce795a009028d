import { dimensionTypes, type MetricRow } from "../../language/plan/metric-row.ts";
import { resultType } from "../../language/plan/measure.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import type { Sample } from "../../storage/series/series.ts";
import { jsonValue, measureValues, type JsonValue } from "../metrics/metric-value.ts";

/**
 * The samples of a metric's rows: one for each measure of each row that is closed, at the end of its
 * window, so that what a time-series database calls the last five minutes has the windows that ended
 * in them. Rows that aren't closed give none: what is written can't be taken back there.
 *
 * `<metric>_<measure>{<dimension>="<value>", …}`; a session has a sample `<metric>_session_seconds`,
 * too, for its start can't be told from its end.
 */
export function metricSamples(
  metric: MetricNode,
  rows: readonly MetricRow[],
  prefix: string,
): Sample[] {
  const named = (of: string): string => seriesName([prefix, metric.name, of]);
  const measures = metric.measures.map(({ name, aggregate }) => ({
    name: named(name),
    type: resultType(aggregate),
  }));
  const length = metric.window.kind === "session" ? named("session_seconds") : undefined;
  const labelled = labeller(metric);
  return rows.flatMap((row): Sample[] => {
    if (!row.closed || row.op === "delete") return [];
    const labels = labelled(row);
    const time = row.windowEnd;
    const values = measureValues(metric.measures, row.components);
    const samples = measures.flatMap(({ name, type }, index): Sample[] => {
      const value = numberOf(values[index] ?? null, type);
      return value === undefined ? [] : [{ name, labels, time, value }];
    });
    if (length === undefined) return samples;
    const seconds = (row.windowEnd - row.windowStart) / 1_000;
    return [...samples, { name: length, labels, time, value: seconds }];
  });
}

/** Dimensions as labels; one without a value is left out. */
function labeller({ by }: MetricNode): (row: MetricRow) => Record<string, string> {
  const types = dimensionTypes(by);
  const names = by.map(({ name }) => seriesName([name]));
  return ({ dimensions }) =>
    Object.fromEntries(
      names.flatMap((name, index) => {
        const value = jsonValue(dimensions[index] ?? null, types[index]!);
        return value === null ? [] : [[name, String(value)] as const];
      }),
    );
}

/** Decimals to a double's precision, times in seconds, as Prometheus has them; texts have none. */
function numberOf(value: JsonValue, type: ValueType): number | undefined {
  if (value === null || type.kind === "string") return undefined;
  if (type.kind === "timestamp") return Date.parse(String(value)) / 1_000;
  return Number(value);
}

/** Words as a name that Prometheus allows. Names that begin with `__` are its own. */
function seriesName(words: readonly string[]): string {
  const name = words
    .filter((word) => word !== "")
    .join("_")
    .replaceAll(/[^A-Za-z0-9_]/g, "_")
    .replace(/^__+/, "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
}
