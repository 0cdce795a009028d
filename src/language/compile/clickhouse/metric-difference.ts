import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { metricColumns, type MetricColumn } from "./metric-columns.ts";
import { metricSelect, type MetricSelectOptions } from "./metric-select.ts";
import { metricTableNames, newestRows } from "./metric-tables.ts";
import { millisOf, quoteName, timeSql } from "./sql-text.ts";

/** Which windows are computed anew and held against what is stored. */
export interface DifferenceOptions extends Omit<MetricSelectOptions, "keys" | "endedByMs"> {
  /** Windows whose last moment (session: last event + gap) is after this are left alone, ms. */
  readonly endedByMs: number;
  /** Of the stored rows only those of this generation. Default: all, the newest wins. */
  readonly generation?: number;
}

/** Windows that haven't ended must be seen, to leave alone what they may take in. */
function unfiltered(options: DifferenceOptions): MetricSelectOptions {
  const { relation, lateness, fromMs, toMs, readToMs } = options;
  return { relation, lateness, fromMs, toMs, ...(readToMs === undefined ? {} : { readToMs }) };
}

/** Columns that tell whether two rows are the same, dimensions aside: the key has those. */
const isCompared = ({ name, role }: MetricColumn): boolean =>
  role !== "system" || name === "window_end" || name === "incomplete";

/**
 * One row per (key, window_start) that was computed or is stored: `_new`, `_old` (whether it is on
 * that side), `_row`, `_stored` (tuples of the compared columns), `_pending` (late_pending: stored,
 * and in `_counted` computed). Windows that haven't ended are on neither side; nor are, of a key,
 * the sessions from the first on that hasn't ended: they may yet become one with it.
 */
function sidesSelect(metric: MetricNode, topic: Topic, options: DifferenceOptions): string {
  const { fromMs, toMs, endedByMs, generation } = options;
  const gap = metric.window.kind === "session" ? metric.window.gapMs : 0;
  const isOpen = `${millisOf("window_end")} + ${gap} > ${endedByMs}`;
  const columns = metricColumns(metric, topic.layout).filter(isCompared);
  const tuple = `tuple(${columns.map(({ name }) => quoteName(name)).join(", ")})`;
  const type = `Tuple(${columns.map((each) => each.type).join(", ")})`;
  const side = (isNew: boolean): string =>
    `\`key\`, \`window_start\`, ${isNew} AS _is_new, ${isOpen} AS _open, CAST(${tuple}, '${type.replaceAll("'", "\\'")}') AS _row, \`late_pending\` AS _late`;
  const computed = `SELECT ${side(true)} FROM (${metricSelect(metric, topic, unfiltered(options))})`;
  const range = `\`window_start\` >= ${timeSql(fromMs)} AND \`window_start\` < ${timeSql(toMs)}`;
  const where = generation === undefined ? range : `${range} AND \`generation\` = ${generation}`;
  const stored = `SELECT ${side(false)} FROM (${newestRows(metric, topic, where)}) WHERE NOT \`deleted\``;
  const paired = `SELECT \`key\`, \`window_start\`, max(_is_new) AS _new, max(NOT _is_new) AS _old, max(_open) AS _is_open, anyIf(_row, _is_new) AS _row_new, anyIf(_row, NOT _is_new) AS _row_old, maxIf(_late, _is_new) AS _counted, maxIf(_late, NOT _is_new) AS _pending FROM (${computed} UNION ALL ${stored}) GROUP BY \`key\`, \`window_start\``;
  if (metric.window.kind !== "session") return `SELECT * FROM (${paired}) WHERE NOT _is_open`;
  const first = `min(if(_is_open, ${millisOf("window_start")}, ${Number.MAX_SAFE_INTEGER})) OVER (PARTITION BY \`key\`)`;
  return `SELECT * FROM (SELECT *, ${first} AS _first_open FROM (${paired})) WHERE ${millisOf("window_start")} < _first_open`;
}

const IS_SAME = "_new AND _old AND toString(_row_new) = toString(_row_old)";

/**
 * INSERT of what the stored rows of a range need to be those that the events give now: new rows,
 * changed ones, deletions, and rows whose late events are counted at last; nothing where they are
 * the same already, so to repeat it writes nothing.
 */
export function amendInsert(
  metric: MetricNode,
  topic: Topic,
  options: DifferenceOptions & { readonly writeGeneration: number },
): string {
  const columns = metricColumns(metric, topic.layout);
  const compared = columns.filter(isCompared);
  const values = columns.map((column): string => {
    const at = compared.indexOf(column) + 1;
    if (at > 0) return `tupleElement(_written, ${at})`;
    switch (column.name) {
      case "closed":
        return "true";
      case "late_pending":
      case "version":
        return "0";
      case "deleted":
        return "NOT _new";
      case "generation":
        return String(options.writeGeneration);
      default:
        return quoteName(column.name);
    }
  });
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const sides = sidesSelect(metric, topic, options);
  return `INSERT INTO ${quoteName(metricTableNames(metric).closed)} (${names}) SELECT ${values.join(", ")} FROM (SELECT *, if(_new, _row_new, _row_old) AS _written FROM (${sides}) WHERE NOT (${IS_SAME}) OR _pending > 0)`;
}

/**
 * One row of how computed and stored rows of a range differ: `rows` (computed), `missing` (in the
 * store), `extra` (in the store), `different`, and `examples`: up to five `[key, window_start, what,
 * computed, stored]`.
 */
export function differenceSelect(
  metric: MetricNode,
  topic: Topic,
  options: DifferenceOptions,
): string {
  const pending = options.lateness === "on-time" ? " AND _counted = _pending" : "";
  const what = `multiIf(NOT _old, 'missing', NOT _new, 'extra', ${IS_SAME}${pending}, 'same', 'different')`;
  const example =
    "[`key`, toString(`window_start`), _what, toString(_row_new), toString(_row_old)]";
  const counts = ["missing", "extra", "different"].map(
    (each) => `countIf(_what = '${each}') AS ${each}`,
  );
  return `SELECT countIf(_new) AS rows, ${counts.join(", ")}, groupArrayIf(5)(${example}, _what != 'same') AS examples FROM (SELECT *, ${what} AS _what FROM (${sidesSelect(metric, topic, options)}) ORDER BY \`window_start\`, \`key\`)`;
}

/** One row `first` (ms or null): the start of the first session of a range that hasn't ended. */
export function firstOpenSelect(
  metric: MetricNode,
  topic: Topic,
  options: Omit<DifferenceOptions, "generation">,
): string {
  const gap = metric.window.kind === "session" ? metric.window.gapMs : 0;
  return `SELECT minOrNullIf(${millisOf("window_start")}, ${millisOf("window_end")} + ${gap} > ${options.endedByMs}) AS first FROM (${metricSelect(metric, topic, unfiltered(options))})`;
}
