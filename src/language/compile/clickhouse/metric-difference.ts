import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { metricColumns, type MetricColumn } from "./metric-columns.ts";
import { metricTableNames, newestRows } from "./metric-tables.ts";
import { millisOf, quoteName, timeSql } from "./sql-text.ts";

/** Which windows were computed anew, and are held against what is stored. */
export interface DifferenceOptions {
  /**
   * The rows that the events give, with the columns of `metricSelect`: a subquery in brackets or a
   * table function. Windows that haven't ended are among them, to leave alone what they may take in.
   */
  readonly computed: string;
  /** Which events they were computed from. */
  readonly lateness: "on-time" | "all";
  /** Windows that start in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** Windows whose last moment (session: last event + gap) is after this are left alone, ms. */
  readonly endedByMs: number;
  /** Of the stored rows only those of this generation. Default: all, the newest wins. */
  readonly generation?: number;
}

/** Columns that tell whether two rows are the same, dimensions aside: the key has those. */
const isCompared = ({ name, role }: MetricColumn): boolean =>
  role === "component" || name === "window_end" || name === "incomplete";

/** Columns whose values are carried along, as `_new_<n>` and `_old_<n>`. */
const isCarried = (column: MetricColumn): boolean =>
  isCompared(column) || column.role === "dimension";

/**
 * One row per (key, window_start) that was computed or is stored: `_new`, `_old` (whether it is on
 * that side), `_same`, `_counted`, `_pending` (late_pending: computed, stored), and the carried
 * columns of both. Windows that haven't ended are on neither side; nor are, of a key, the sessions
 * from the first on that hasn't ended: they may yet become one with it.
 */
function sidesSelect(metric: MetricNode, topic: Topic, options: DifferenceOptions): string {
  const { fromMs, toMs, endedByMs, generation } = options;
  const gap = metric.window.kind === "session" ? metric.window.gapMs : 0;
  const isOpen = `${millisOf("window_end")} + ${gap} > ${endedByMs}`;
  const columns = metricColumns(metric, topic.layout);
  const side = (name: "_new" | "_old"): string => {
    const carried = columns.flatMap((column, at) =>
      isCarried(column)
        ? [`CAST(${quoteName(column.name)} AS ${column.type}) AS ${name}_${at}`]
        : [],
    );
    return `\`key\` AS _key, ${millisOf("`window_start`")} AS _start, true AS ${name}, ${isOpen} AS ${name}_open, \`late_pending\` AS ${name}_late, ${carried.join(", ")}`;
  };
  const computed = `SELECT ${side("_new")} FROM ${options.computed}`;
  const range = `\`window_start\` >= ${timeSql(fromMs)} AND \`window_start\` < ${timeSql(toMs)}`;
  const where = generation === undefined ? range : `${range} AND \`generation\` = ${generation}`;
  const stored = `SELECT ${side("_old")} FROM (${newestRows(metric, topic, where)}) WHERE NOT \`deleted\``;
  const same = columns.flatMap((column, at) =>
    isCompared(column)
      ? [`ifNull(c._new_${at} = s._old_${at}, isNull(c._new_${at}) AND isNull(s._old_${at}))`]
      : [],
  );
  const carried = columns.flatMap((column, at) =>
    isCarried(column) ? [`c._new_${at} AS _new_${at}`, `s._old_${at} AS _old_${at}`] : [],
  );
  const names = [
    "if(c._new, c._key, s._key) AS _key",
    "if(c._new, c._start, s._start) AS _start",
    "c._new AS _new",
    "s._old AS _old",
    `_new AND _old AND ${same.join(" AND ")} AS _same`,
    "c._new_late AS _counted",
    "s._old_late AS _pending",
    "c._new_open OR s._old_open AS _open",
    ...carried,
  ];
  // The stored rows are hashed, the computed ones, often many more, pass by.
  const paired = `SELECT ${names.join(", ")} FROM (${computed}) AS c FULL JOIN (${stored}) AS s ON c._key = s._key AND c._start = s._start SETTINGS join_use_nulls = 0`;
  if (metric.window.kind !== "session") return `SELECT * FROM (${paired}) WHERE NOT _open`;
  const first = `min(if(_open, _start, ${Number.MAX_SAFE_INTEGER})) OVER (PARTITION BY _key)`;
  return `SELECT * FROM (SELECT *, ${first} AS _first_open FROM (${paired})) WHERE _start < _first_open`;
}

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
  const values = columns.map((column, at): string => {
    if (isCarried(column)) return `if(_new, _new_${at}, _old_${at})`;
    switch (column.name) {
      case "key":
        return "_key";
      case "window_start":
        return "fromUnixTimestamp64Milli(_start, 'UTC')";
      case "closed":
        return "true";
      case "deleted":
        return "NOT _new";
      case "generation":
        return String(options.writeGeneration);
      default:
        return "0"; // late_pending, version
    }
  });
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const sides = sidesSelect(metric, topic, options);
  return `INSERT INTO ${quoteName(metricTableNames(metric).closed)} (${names}) SELECT ${values.join(", ")} FROM (${sides}) WHERE NOT _same OR _pending > 0`;
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
  const what = `multiIf(NOT _old, 'missing', NOT _new, 'extra', _same${pending}, 'same', 'different')`;
  const values = (name: "_new" | "_old"): string => {
    const compared = metricColumns(metric, topic.layout).flatMap((column, at) =>
      isCompared(column) ? [`${name}_${at}`] : [],
    );
    return `toString(tuple(${[...compared, name === "_new" ? "_counted" : "_pending"].join(", ")}))`;
  };
  const example = `[_key, toString(fromUnixTimestamp64Milli(_start, 'UTC')), _what, ${values("_new")}, ${values("_old")}]`;
  const counts = ["missing", "extra", "different"].map(
    (each) => `countIf(_what = '${each}') AS ${each}`,
  );
  const sides = sidesSelect(metric, topic, options);
  return `SELECT countIf(_new) AS rows, ${counts.join(", ")}, groupArrayIf(5)(${example}, _what != 'same') AS examples FROM (SELECT *, ${what} AS _what FROM (${sides}))`;
}

/** One row `first` (ms or null): the start of the first session of a range that hasn't ended. */
export function firstOpenSelect(
  metric: MetricNode,
  { computed, endedByMs }: Pick<DifferenceOptions, "computed" | "endedByMs">,
): string {
  const gap = metric.window.kind === "session" ? metric.window.gapMs : 0;
  return `SELECT minOrNullIf(${millisOf("window_start")}, ${millisOf("window_end")} + ${gap} > ${endedByMs}) AS first FROM ${computed}`;
}
