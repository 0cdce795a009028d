import { lookupColumn, walkExpression } from "../../plan/expression.ts";
import { groupingExpressions } from "../../plan/expressions-of.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { SLACK_MS } from "../../plan/window.ts";
import { ROW_FLAGS, type Column } from "../../schema/layout.ts";
import type { Scope } from "../sql/expression.ts";
import { quoteName } from "../sql/sql-text.ts";
import { columnSql, sourceType } from "./column-type.ts";
import { FLINK } from "./dialect.ts";
import { kafkaTable, type FlinkPlace } from "./kafka-table.ts";

/** A field's path as SQL: records within records. */
export const pathSql = (path: string): string => path.split(".").map(quoteName).join(".");

/** A scope over a topic's table, under the alias `s`. */
export const topicScope = (node: string): Scope => ({
  dialect: FLINK,
  node,
  column: ({ path }) => `s.${pathSql(path)}`,
});

/**
 * The table of a clean topic, with the columns that its metrics read: Flink makes an object of each
 * column of each record, also of those that no statement names. The watermark is that of the received time, on every record and before
 * any filter: by then nothing that is on time for any of the topic's metrics can still come. (A
 * window ends 1 ms before the watermark that Flink closes it at.)
 */
export function sourceTable(
  name: string,
  topic: Topic,
  metrics: readonly MetricNode[],
  place: FlinkPlace,
  more: Readonly<Record<string, string>>,
): string {
  const grace = Math.max(...metrics.map(({ graceMs }) => graceMs));
  const columns = [
    ...fieldColumns(columnsRead(topic, metrics)),
    "`_offset` BIGINT METADATA FROM 'offset' VIRTUAL",
    `\`_rowtime\` AS TO_TIMESTAMP_LTZ(${pathSql(topic.time)}, 3)`,
    `WATERMARK FOR \`_rowtime\` AS TO_TIMESTAMP_LTZ(\`received_at\` - ${grace + SLACK_MS + 1}, 3)`,
  ];
  const options = {
    "properties.isolation.level": "read_committed",
    "scan.startup.mode": "earliest-offset",
    ...more,
  };
  return kafkaTable(name, columns, options, place);
}

/** In the layout's order. */
function columnsRead(topic: Topic, metrics: readonly MetricNode[]): readonly Column[] {
  const read = new Set<string>(["received_at", "_flags", topic.time]);
  for (const expression of metrics.flatMap(groupingExpressions)) {
    walkExpression(expression, (each) => {
      if (each.kind === "field") read.add(each.path);
      if (each.kind === "exists") read.add(lookupColumn(each));
    });
  }
  return topic.layout.columns.filter(({ name }) => read.has(name));
}

type Tree = Map<string, Tree | Column>;

/** The columns as the record nests them: records are required, their leaves as they are declared. */
function fieldColumns(columns: readonly Column[]): readonly string[] {
  const root: Tree = new Map();
  for (const column of columns) {
    const path = column.role === "declared" ? column.name.split(".") : [column.name];
    let tree = root;
    for (const name of path.slice(0, -1)) {
      const below = tree.get(name);
      const next: Tree = below instanceof Map ? below : new Map<string, Tree | Column>();
      tree.set(name, next);
      tree = next;
    }
    tree.set(path.at(-1)!, column);
  }
  return treeColumns(root);
}

const treeColumns = (tree: Tree): readonly string[] =>
  [...tree].map(([name, each]) =>
    each instanceof Map
      ? columnSql(name, `ROW<${treeColumns(each).join(", ")}>`, false)
      : columnSql(name, sourceType(each.valueType), each.nullable),
  );

/** Whether a bit of a row's `_flags` is set; Flink has no operators of bits. */
export const flagSql = (flag: keyof typeof ROW_FLAGS): string =>
  `(MOD(s.\`_flags\` / ${ROW_FLAGS[flag]}, 2) = 1)`;
