import type { Window } from "../../plan/window.ts";
import { resultColumns } from "../sql/results.ts";
import { whereClause } from "../sql/sql-text.ts";
import type { MetricRows, MetricSelectOptions } from "./metric-rows.ts";

/**
 * Tumbling and sliding windows, aligned to the epoch: a subquery with `_start`, `_end` (ms),
 * `_d0 …`, `_a0_0 …` and `_pending`. Late events make no row and are in no aggregate; a row counts
 * those received by its window's end + grace.
 */
export function alignedWindows(
  window: Exclude<Window, { kind: "session" }>,
  rows: MetricRows,
  { range, endedByMs }: Pick<MetricSelectOptions, "range" | "endedByMs">,
): string {
  const size = window.sizeMs;
  const step = window.kind === "tumbling" ? size : window.everyMs;
  const first = range && Math.ceil(range.fromMs / step) * step;
  const last = range && Math.ceil(range.toMs / step) * step - step;
  const source = rows.all(
    first === undefined ? {} : { fromMs: first, toMs: Math.max(last! + size, first) },
  );
  const newest = `_t - PMOD(_t, ${step})`;
  // Every window of an event, from the one that starts last to the one that ends first.
  const windowed =
    size === step
      ? `SELECT *, ${newest} AS _start FROM (${source})`
      : `SELECT *, EXPLODE(SEQUENCE(_t - PMOD(_t, ${step}), _t - PMOD(_t, ${step}) - ${size - step}, -${step})) AS _start FROM (${source})`;
  const columns = [
    ...rows.dimensions,
    "_start",
    `_start + ${size} AS _end`,
    ...resultColumns(rows.aggregates),
    `COUNT_IF(_late AND _r <= _start + ${size + rows.graceMs}) AS _pending`,
  ];
  const bounds = [
    ...(first === undefined ? [] : [`_start >= ${first}`, `_start <= ${last!}`]),
    ...(endedByMs === undefined ? [] : [`_start + ${size} <= ${endedByMs}`]),
  ];
  const group = [...rows.dimensions, "_start"].join(", ");
  return `SELECT ${columns.join(", ")} FROM (${windowed})${whereClause(bounds)} GROUP BY ${group} HAVING COUNT_IF(NOT _late) > 0`;
}
