import { formatDecimal, parseDecimal } from "../../core/decimal.ts";
import type { ValueType } from "../schema/field-type.ts";
import { componentsOf, type Component, type Dimension } from "./measure.ts";
import { typeOf } from "./expression.ts";
import type { MetricNode } from "./nodes.ts";
import type { Value } from "./value.ts";

/**
 * One row of a metric, the same from every engine. The newest (generation, version) of a
 * (key, windowStart) wins.
 */
export interface MetricRow {
  /** `delete`: this start ceased to exist (a session that merged into an earlier one). */
  readonly op: "upsert" | "delete";
  /** `metricKey` of the dimensions. */
  readonly key: string;
  /** In the order of the metric's `by`. */
  readonly dimensions: readonly Value[];
  /** ms; of a session the time of its first event. */
  readonly windowStart: number;
  /** ms, exclusive; of a session the time of its last event, inclusive. */
  readonly windowEnd: number;
  /** `metricComponents`, in their order. */
  readonly components: readonly Value[];
  /** A component isn't exact: too many distinct values, or an amount that doesn't fit. */
  readonly incomplete: boolean;
  /** No event that is on time can change the row any more. */
  readonly closed: boolean;
  /** Late and imported events of the window received by its end + grace; not in the components. */
  readonly latePending: number;
  /** 0 from a stream; amendment and backfill write higher ones. */
  readonly generation: number;
  /** Sum, over the topic's partitions, of the next offset to read when the row was made. */
  readonly version: number;
}

const componentsKnown = new WeakMap<MetricNode, readonly Component[]>();

/** The stored components of all of a metric's measures, in order; made once for each metric. */
export function metricComponents(metric: MetricNode): readonly Component[] {
  let components = componentsKnown.get(metric);
  if (components === undefined) {
    components = metric.measures.flatMap(componentsOf);
    componentsKnown.set(metric, components);
  }
  return components;
}

/** The types of a metric's dimensions, in order. */
export const dimensionTypes = (by: readonly Dimension[]): readonly ValueType[] =>
  by.map((dimension) => typeOf(dimension.value).type);

/**
 * The canonical text of a group: a JSON array without spaces. Texts as `JSON.stringify` writes
 * them (only `"`, `\` and control characters are escaped), integers and times (ms) as JSON
 * numbers, decimals as JSON strings with all their places, null as null: `["DE",null,"1.50"]`.
 */
export function metricKey(types: readonly ValueType[], dimensions: readonly Value[]): string {
  let text = "[";
  for (let index = 0; index < types.length; index++) {
    if (index > 0) text += ",";
    text += keyPart(types[index]!, dimensions[index]!);
  }
  return `${text}]`;
}

/** One dimension inside `metricKey`. */
export function keyPart(type: ValueType, value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (type.kind === "decimal") return `"${formatDecimal(value as bigint, type.scale)}"`;
  return String(value);
}

/** The dimensions of a text that `metricKey` wrote. */
export function parseMetricKey(types: readonly ValueType[], key: string): Value[] {
  if (types.every((type) => type.kind === "string")) return JSON.parse(key) as Value[];
  const exact = (_: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === "number" ? context.source : value;
  const parse = JSON.parse as (text: string, reviver: typeof exact) => unknown;
  const parts = parse(key, exact) as (string | boolean | null)[];
  return parts.map((part, index): Value => {
    const type = types[index]!;
    if (typeof part !== "string") return part;
    if (type.kind === "decimal") return parseDecimal(part, type.scale) ?? null;
    if (type.kind === "integer") return BigInt(part);
    return type.kind === "string" ? part : Number(part);
  });
}
