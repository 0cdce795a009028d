import type { Window } from "../../plan/window.ts";
import type { MetricRows, MetricSelectOptions } from "./metric-select.ts";
import { whereClause } from "./sql-text.ts";

/**
 * Tumbling and sliding windows, aligned to the epoch: a subquery with `_start`, `_end` (ms),
 * `_d0 …` and `_a0 …`. A sliding window is made of panes, the greatest common divisor of its size
 * and its step long: each event is aggregated once, then each pane is merged into its windows.
 */
export function alignedWindows(
  window: Exclude<Window, { kind: "session" }>,
  rows: MetricRows,
  options: Pick<MetricSelectOptions, "fromMs" | "toMs" | "endedByMs">,
): string {
  const size = window.sizeMs;
  const step = window.kind === "sliding" ? window.everyMs : size;
  const align = (ms: number): number => Math.ceil(ms / step) * step;
  const firstStart = align(options.fromMs);
  const lastStart = align(options.toMs) - step;
  const source = rows.sql(firstStart, Math.max(lastStart + size, firstStart));
  const dimensions = rows.dimensions;
  const ended = options.endedByMs === undefined ? [] : [`_start + ${size} <= ${options.endedByMs}`];

  if (window.kind === "tumbling") {
    const columns = [
      ...dimensions,
      `intDiv(_t, ${size}) * ${size} AS _start`,
      `_start + ${size} AS _end`,
      ...rows.aggregates.map(({ fn }, at) => `${fn}(_v${at}) AS _a${at}`),
    ];
    const group = [...dimensions, "_start"].join(", ");
    return `SELECT ${columns.join(", ")} FROM (${source}) GROUP BY ${group}${having(ended)}`;
  }

  const pane = gcd(size, step);
  const paneColumns = [
    ...dimensions,
    `intDiv(_t, ${pane}) * ${pane} AS _pane`,
    ...rows.aggregates.map(({ fn }, at) => `${fn}State(_v${at}) AS _s${at}`),
  ];
  const panes = `SELECT ${paneColumns.join(", ")} FROM (${source}) GROUP BY ${[...dimensions, "_pane"].join(", ")}`;
  // Windows of a pane: those that start at most at it and end after it.
  const starts = `arrayMap(i -> intDiv(_pane, ${step}) * ${step} - i * ${step}, range(${Math.ceil(size / step)}))`;
  const columns = [
    ...dimensions,
    "_start",
    `_start + ${size} AS _end`,
    ...rows.aggregates.map(({ fn }, at) => `${fn}Merge(_s${at}) AS _a${at}`),
  ];
  const bounds = [
    `_start + ${size} > _pane`,
    `_start >= ${firstStart}`,
    `_start <= ${lastStart}`,
    ...ended,
  ];
  return `SELECT ${columns.join(", ")} FROM (SELECT *, arrayJoin(${starts}) AS _start FROM (${panes}))${whereClause(bounds)} GROUP BY ${[...dimensions, "_start"].join(", ")}`;
}

const having = (terms: readonly string[]): string =>
  terms.length === 0 ? "" : ` HAVING ${terms.join(" AND ")}`;

function gcd(left: number, right: number): number {
  let [a, b] = [left, right];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
