import { UNIT_MS } from "../../../core/time.ts";
import type { Topic } from "../../plan/topic.ts";
import { quoteName } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";
import { onTimeSql } from "./metric-rows.ts";

/** Late and imported events by partition and hour of their time: `partition`, `hour` (ms), `last`. */
export function touchedSelect(
  topic: Topic,
  options: {
    readonly relation: string;
    readonly graceMs: number;
    readonly ranges: readonly {
      readonly partition: number;
      readonly from: number;
      readonly to: number;
    }[];
  },
): string {
  const { relation, graceMs, ranges } = options;
  const hour = `${SPARK.millis(`s.${quoteName(topic.time)}`)} DIV ${UNIT_MS.h} * ${UNIT_MS.h}`;
  const inside = ranges.map(
    ({ partition, from, to }) =>
      `s.\`_partition\` = ${partition} AND s.\`_offset\` >= ${from} AND s.\`_offset\` < ${to}`,
  );
  const late = `NOT (${onTimeSql(topic.time, graceMs)})`;
  return `SELECT s.\`_partition\` AS \`partition\`, ${hour} AS hour, MAX(s.\`_offset\`) AS last FROM ${relation} AS s WHERE ${late} AND (${inside.join(" OR ") || "FALSE"}) GROUP BY ALL`;
}
