import type { Window } from "../../plan/window.ts";
import type { MetricRows, MetricSelectOptions } from "./metric-rows.ts";
import { whereClause } from "./sql-text.ts";

type Options = Pick<MetricSelectOptions, "fromMs" | "toMs" | "endedByMs">;

/**
 * Tumbling and sliding windows, aligned to the epoch: a subquery with `_start`, `_end` (ms),
 * `_d0 …`, `_a0 …` and `_pending`. Late events make no row and are in no aggregate; a row counts
 * those received by its window's end + grace.
 */
export const alignedWindows = (
  window: Exclude<Window, { kind: "session" }>,
  rows: MetricRows,
  options: Options,
): string =>
  window.kind === "tumbling"
    ? tumblingWindows(window.sizeMs, rows, options)
    : slidingWindows(window.sizeMs, window.everyMs, rows, options);

/** The first and the last start in the range, and the subquery of what those windows hold. */
function sourceOf(rows: MetricRows, size: number, step: number, { fromMs, toMs }: Options) {
  const first = Math.ceil(fromMs / step) * step;
  const last = Math.ceil(toMs / step) * step - step;
  const read = rows.lateness === "all" ? rows.counted : rows.marked;
  return { first, last, sql: read(first, Math.max(last + size, first)) };
}

function tumblingWindows(size: number, rows: MetricRows, options: Options): string {
  const source = sourceOf(rows, size, size, options);
  const isMarked = rows.lateness === "on-time";
  const columns = [
    ...rows.dimensions,
    `intDiv(_t, ${size}) * ${size} AS _start`,
    `_start + ${size} AS _end`,
    ...rows.aggregates.map(({ fn }, at) => `${fn}(_v${at}) AS _a${at}`),
    `${isMarked ? `countIf(_late AND _r <= _end + ${rows.graceMs})` : "0"} AS _pending`,
  ];
  const having = [...(isMarked ? ["countIf(NOT _late) > 0"] : []), ...ended(size, options)];
  return `SELECT ${columns.join(", ")} FROM (${source.sql}) GROUP BY ${[...rows.dimensions, "_start"].join(", ")}${havingClause(having)}`;
}

/**
 * A sliding window is made of panes, the greatest common divisor of its size and its step long: each
 * event is aggregated once, then each pane is merged into its windows.
 */
function slidingWindows(size: number, step: number, rows: MetricRows, options: Options): string {
  const source = sourceOf(rows, size, step, options);
  const isMarked = rows.lateness === "on-time";
  const { dimensions, aggregates, graceMs } = rows;
  const pane = gcd(size, step);
  const paneColumns = [
    ...dimensions,
    `intDiv(_t, ${pane}) * ${pane} AS _pane`,
    ...aggregates.map(({ fn }, at) => `${fn}State(_v${at}) AS _s${at}`),
    ...(isMarked
      ? [
          "countIf(NOT _late) AS _n",
          // No window of the pane ends later than its size after it.
          `groupArrayIf(_r, _late AND _r <= _pane + ${size + graceMs}) AS _lates`,
        ]
      : []),
  ];
  const panes = `SELECT ${paneColumns.join(", ")} FROM (${source.sql}) GROUP BY ${[...dimensions, "_pane"].join(", ")}`;
  const starts = `arrayMap(i -> intDiv(_pane, ${step}) * ${step} - i * ${step}, range(${Math.ceil(size / step)}))`;
  const pending = `arrayCount(r -> r <= _start + ${size + graceMs}, groupArrayArray(_lates))`;
  const columns = [
    ...dimensions,
    "_start",
    `_start + ${size} AS _end`,
    ...aggregates.map(({ fn }, at) => `${fn}Merge(_s${at}) AS _a${at}`),
    `${isMarked ? pending : "0"} AS _pending`,
  ];
  const bounds = [
    `_start + ${size} > _pane`,
    `_start >= ${source.first}`,
    `_start <= ${source.last}`,
    ...ended(size, options),
  ];
  const group = [...dimensions, "_start"].join(", ");
  return `SELECT ${columns.join(", ")} FROM (SELECT *, arrayJoin(${starts}) AS _start FROM (${panes}))${whereClause(bounds)} GROUP BY ${group}${havingClause(isMarked ? ["sum(_n) > 0"] : [])}`;
}

const ended = (size: number, { endedByMs }: Options): readonly string[] =>
  endedByMs === undefined ? [] : [`_start + ${size} <= ${endedByMs}`];

const havingClause = (terms: readonly string[]): string =>
  terms.length === 0 ? "" : ` HAVING ${terms.join(" AND ")}`;

function gcd(left: number, right: number): number {
  let [a, b] = [left, right];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
