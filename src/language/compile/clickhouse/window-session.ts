import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import type { Window } from "../../plan/window.ts";
import { metricRows, type MetricRows, type MetricSelectOptions } from "./metric-rows.ts";
import { unsupported } from "./unsupported.ts";

/** Earlier than any event, and far enough from Int64's end that a difference can't wrap. */
const NEVER = "toInt64(-4611686018427387904)";

/** Rows with `_start` (ms), the start of the session that each belongs to. */
function withSessionStart(gapMs: number, source: string, dimensions: readonly string[]): string {
  const over = dimensions.length === 0 ? "" : `PARTITION BY ${dimensions.join(", ")} `;
  const frame = `${over}ORDER BY _t ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`;
  const marked = `SELECT *, if(_t - lagInFrame(_t, 1, ${NEVER}) OVER (${frame}) > ${gapMs}, _t, ${NEVER}) AS _begin FROM (${source})`;
  return `SELECT *, max(_begin) OVER (${frame}) AS _start FROM (${marked})`;
}

/**
 * Sessions: events of a key at most a gap apart. A subquery with `_start`, `_end` (the last event,
 * ms), `_d0 …`, `_a0 …` and `_pending`. Reading one gap more at the start is enough: it tells
 * whether the first event of the range begins a session.
 */
export function sessionWindows(
  { gapMs }: Extract<Window, { kind: "session" }>,
  rows: MetricRows,
  options: MetricSelectOptions,
): string {
  const { fromMs, toMs, readToMs, endedByMs } = options;
  if (readToMs === undefined) {
    throw unsupported("session", "a SELECT of sessions must say how far it reads");
  }
  const source = rows.counted(fromMs - gapMs, readToMs);
  const columns = [
    ...rows.dimensions,
    "_start",
    "max(_t) AS _end",
    ...rows.aggregates.map(({ fn }, at) => `${fn}(_v${at}) AS _a${at}`),
  ];
  const having = endedByMs === undefined ? "" : ` HAVING _end + ${gapMs} <= ${endedByMs}`;
  const marked = withSessionStart(gapMs, source, rows.dimensions);
  const group = [...rows.dimensions, "_start"].join(", ");
  const sessions = `SELECT ${columns.join(", ")} FROM (${marked}) WHERE _start >= ${fromMs} AND _start < ${toMs} GROUP BY ${group}${having}`;
  if (rows.lateness === "all") return `SELECT *, 0 AS _pending FROM (${sessions})`;
  return withPending(sessions, gapMs, rows, rows.late(fromMs - gapMs, readToMs));
}

/** Counts late events that touch a session and were received by its last event + gap + grace. */
function withPending(sessions: string, gapMs: number, rows: MetricRows, late: string): string {
  const near = `x -> x.1 >= _start - ${gapMs} AND x.1 <= _end + ${gapMs} AND x.2 <= _end + ${gapMs + rows.graceMs}`;
  const lates = `SELECT ${rows.key} AS _key, groupArray((_t, _r)) AS _lates FROM (${late}) GROUP BY _key`;
  const columns = [
    ...rows.dimensions,
    "_start",
    "_end",
    ...rows.aggregates.map((_, at) => `_a${at}`),
    `arrayCount(${near}, _lates) AS _pending`,
  ];
  return `SELECT ${columns.join(", ")} FROM (SELECT *, ${rows.key} AS _key FROM (${sessions})) AS o LEFT JOIN (${lates}) AS l ON o._key = l._key`;
}

/** What `sessionExtentSelect` looks at. */
export interface SessionExtentOptions extends Pick<MetricSelectOptions, "relation" | "lateness"> {
  /** Which sessions: those that have an event or start in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** What is read, ms. */
  readonly readFromMs: number;
  readonly readToMs: number;
}

/**
 * One row `first`, `last` (ms, null where there are none): the first start and the last event of
 * the sessions with an event in [fromMs, toMs), as far as [readFromMs, readToMs) shows them. They
 * are true when they lie more than a gap inside of what was read; else read further and ask again.
 */
export function sessionExtentSelect(
  metric: MetricNode,
  topic: Topic,
  options: SessionExtentOptions,
): string {
  const { window } = metric;
  if (window.kind !== "session") throw unsupported(metric.name, "it has no sessions");
  const all = metricRows(metric, topic, options);
  const time = all.counted(options.readFromMs, options.readToMs);
  const columns = ["_t", ...all.dimensions].join(", ");
  const source = `SELECT ${columns} FROM (${time})`;
  const sessions = withSessionStart(window.gapMs, source, all.dimensions);
  const group = [...all.dimensions, "_start"].join(", ");
  const each = `SELECT _start, max(_t) AS _last, countIf(_t >= ${options.fromMs} AND _t < ${options.toMs}) AS _inside FROM (${sessions}) GROUP BY ${group}`;
  return `SELECT minOrNull(_start) AS first, maxOrNull(_last) AS last FROM (${each}) WHERE _inside > 0`;
}
