import { MillraceError } from "../../../core/errors.ts";
import { typeOf } from "../../plan/expression.ts";
import type { Dimension } from "../../plan/measure.ts";
import { metricComponents } from "../../plan/metric-row.ts";
import type { MetricNode } from "../../plan/nodes.ts";
import type { Layout } from "../../schema/layout.ts";
import { valueTypeSql } from "./column-type.ts";

/** One column of a metric's tables. */
export interface MetricColumn {
  readonly name: string;
  /** As ClickHouse writes it. */
  readonly type: string;
  readonly role: "system" | "dimension" | "component";
}

const TIME = "DateTime64(3, 'UTC')";
const BEFORE = [
  ["key", "String"],
  ["window_start", TIME],
  ["window_end", TIME],
] as const;
const AFTER = [
  ["incomplete", "Bool"],
  ["closed", "Bool"],
  ["late_pending", "UInt32"],
  ["deleted", "Bool"],
  ["generation", "UInt32"],
  ["version", "UInt64"],
] as const;

const system = ([name, type]: readonly [string, string]): MetricColumn => ({
  name,
  type,
  role: "system",
});

/**
 * The columns of a metric's tables: `key, window_start, window_end`, the dimensions, the
 * components, `incomplete, closed, late_pending, deleted, generation, version`. Throws
 * `DEFINITION_INVALID` where two would have one name.
 */
export function metricColumns(metric: MetricNode, layout: Layout): readonly MetricColumn[] {
  const columns: readonly MetricColumn[] = [
    ...BEFORE.map(system),
    ...metric.by.map((dimension): MetricColumn => ({
      name: dimension.name,
      type: dimensionType(dimension, layout),
      role: "dimension",
    })),
    ...metricComponents(metric).map(({ name, type, nullable }): MetricColumn => ({
      name,
      type: valueTypeSql(type, nullable),
      role: "component",
    })),
    ...AFTER.map(system),
  ];
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) {
      throw new MillraceError(
        "DEFINITION_INVALID",
        `the metric ${metric.name} has two columns named ${name}`,
        { field: `${metric.name}.${name}`, hint: "give the dimension or measure another name" },
      );
    }
    names.add(name);
  }
  return columns;
}

/** The type of a dimension's column: `LowCardinality` where the source's column is. */
export function dimensionType({ value }: Dimension, layout: Layout): string {
  const { type, nullable } = typeOf(value);
  const low =
    value.kind === "field" &&
    layout.columns.some((column) => column.name === value.path && column.lowCardinality);
  return valueTypeSql(type, nullable, low);
}
