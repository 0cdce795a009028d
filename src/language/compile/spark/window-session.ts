import type { Window } from "../../plan/window.ts";
import { resultColumns, resultNames } from "../sql/results.ts";
import { whereClause } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";
import type { EventRange, MetricRows, MetricSelectOptions } from "./metric-rows.ts";

/**
 * Sessions: events of a key at most a gap apart. A subquery with `_start`, `_end` (the last event,
 * ms), `_d0 …`, `_a0_0 …` and `_pending`. Reading one gap more at the start is enough: it tells
 * whether the first event of the range begins a session.
 */
export function sessionWindows(
  { gapMs }: Extract<Window, { kind: "session" }>,
  rows: MetricRows,
  { range, endedByMs }: Pick<MetricSelectOptions, "range" | "endedByMs">,
): string {
  if (range !== undefined && range.readToMs === undefined) {
    throw SPARK.unsupported("session", "a SELECT of sessions must say how far it reads");
  }
  const read: EventRange =
    range === undefined ? {} : { fromMs: range.fromMs - gapMs, toMs: range.readToMs! };
  const columns = [
    ...rows.dimensions,
    "_start",
    "MAX(_t) AS _end",
    ...resultColumns(rows.aggregates),
  ];
  const bounds = range === undefined ? [] : [`_start >= ${range.fromMs}`, `_start < ${range.toMs}`];
  const having = endedByMs === undefined ? "" : ` HAVING MAX(_t) + ${gapMs} <= ${endedByMs}`;
  const marked = withSessionStart(gapMs, rows.counted(read), rows.dimensions);
  const group = [...rows.dimensions, "_start"].join(", ");
  const sessions = `SELECT ${columns.join(", ")} FROM (${marked})${whereClause(bounds)} GROUP BY ${group}${having}`;
  if (!rows.isMarked) return `SELECT *, 0 AS _pending FROM (${sessions})`;
  return withPending(sessions, gapMs, rows, rows.late(read));
}

/** Rows with `_start` (ms), the start of the session that each belongs to. */
export function withSessionStart(
  gapMs: number,
  source: string,
  dimensions: readonly string[],
): string {
  const over = `${dimensions.length === 0 ? "" : `PARTITION BY ${dimensions.join(", ")} `}ORDER BY _t`;
  const begins = `CASE WHEN _t - LAG(_t) OVER (${over}) <= ${gapMs} THEN NULL ELSE _t END`;
  const marked = `SELECT *, ${begins} AS _begin FROM (${source})`;
  return `SELECT *, MAX(_begin) OVER (${over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _start FROM (${marked})`;
}

/** Counts late events that touch a session and were received by its last event + gap + grace. */
function withPending(sessions: string, gapMs: number, rows: MetricRows, late: string): string {
  const near = `x -> x._t >= o._start - ${gapMs} AND x._t <= o._end + ${gapMs} AND x._r <= o._end + ${gapMs + rows.graceMs}`;
  const lates = `SELECT ${rows.key} AS _key, COLLECT_LIST(STRUCT(_t, _r)) AS _lates FROM (${late}) GROUP BY ${rows.key}`;
  const columns = [
    ...rows.dimensions,
    "_start",
    "_end",
    ...rows.aggregates.flatMap(resultNames),
  ].map((name) => `o.${name}`);
  return `SELECT ${columns.join(", ")}, COALESCE(SIZE(FILTER(l._lates, ${near})), 0) AS _pending FROM (SELECT *, ${rows.key} AS _key FROM (${sessions})) AS o LEFT JOIN (${lates}) AS l ON o._key = l._key`;
}
