import { deepFreeze } from "../../core/freeze.ts";
import { typeOf } from "../plan/expression.ts";
import { resultType } from "../plan/measure.ts";
import type { CubeNode, ModelNode } from "../plan/nodes.ts";
import {
  valueOf,
  type AnyValue,
  type Condition,
  type NumberValue,
  type TextValue,
  type TimeValue,
} from "./expression.ts";
import { columnValue } from "./fields.ts";
import { measureNodes, type MeasureDefinition, type MeasureMap } from "./measure.ts";
import { dimensionsOf, type Source, type ValueMap } from "./source.ts";
import { joinNode, type JoinOptions } from "./stream.ts";

/** The values that a model's measures read as. */
type MeasureValues<Measures extends MeasureMap> = {
  readonly [Name in keyof Measures]: Measures[Name] extends MeasureDefinition<infer Value>
    ? Value
    : AnyValue;
};

/** A defined model: a batch table, computed for one UTC day at a time. */
export interface ModelDefinition<
  By extends ValueMap,
  Measures extends MeasureMap,
  Computed extends ValueMap,
> extends Source<By & MeasureValues<Measures> & Computed> {
  readonly node: ModelNode;
}

export interface ModelOptions<
  By extends ValueMap,
  Measures extends MeasureMap,
  Computed extends ValueMap,
> {
  readonly from: Source & { readonly node: { readonly kind: "event" | "stream" | "model" } };
  readonly where?: Condition;
  /** Joined as of the end of the day. */
  readonly join?: JoinOptions;
  readonly by: By;
  readonly measures: Measures;
  /** Further columns, from the grouped ones. */
  readonly compute?: (columns: By & MeasureValues<Measures>) => Computed;
}

/** Defines a model. */
export function model<
  const By extends ValueMap,
  const Measures extends MeasureMap,
  const Computed extends ValueMap = {},
>(
  name: string,
  options: ModelOptions<By, Measures, Computed>,
): ModelDefinition<By, Measures, Computed> {
  const by = dimensionsOf(options.by);
  const measures = measureNodes(options.measures);
  const grouped = Object.fromEntries([
    ...by.map((each) => {
      const { type, nullable } = typeOf(each.value);
      return [each.name, columnValue(name, each.name, type, nullable)];
    }),
    ...measures.map((each) => [
      each.name,
      columnValue(name, each.name, resultType(each.aggregate), true),
    ]),
  ]) as By & MeasureValues<Measures>;
  const compute = dimensionsOf(options.compute?.(grouped) ?? {});
  const computed = Object.fromEntries(
    compute.map((each) => {
      const { type, nullable } = typeOf(each.value);
      return [each.name, columnValue(name, each.name, type, nullable)];
    }),
  ) as Computed;
  const node: ModelNode = {
    kind: "model",
    name,
    from: options.from.node.name,
    ...(options.where && { where: options.where.node }),
    ...(options.join && { join: joinNode(options.join) }),
    by,
    measures,
    compute,
  };
  const fields: By & MeasureValues<Measures> & Computed = Object.freeze({
    ...grouped,
    ...computed,
  }) as By & MeasureValues<Measures> & Computed;
  const definition: ModelDefinition<By, Measures, Computed> = { node: deepFreeze(node), fields };
  return Object.freeze(definition);
}

/** Minutes from one time to another: decimal(18, 4), rounded half up. For models only. */
export const minutesBetween = (from: TimeValue, to: TimeValue): NumberValue<"decimal"> =>
  valueOf({ kind: "minutesBetween", from: from.node, to: to.node });

/** The UTC day that a model is computed for, as text `YYYY-MM-DD`. For models only. */
export const day = (): TextValue => valueOf({ kind: "day" });

/** A defined cube. */
export interface CubeDefinition {
  readonly node: CubeNode;
}

export interface CubeOptions {
  readonly from: Source & { readonly node: { readonly kind: "event" | "stream" } };
  readonly where?: Condition;
  /** The grain of its time dimension. */
  readonly every: "hour" | "day";
  readonly by: ValueMap;
  readonly measures: MeasureMap;
}

/** Defines a cube: pre-aggregated over several dimensions, kept up to date as events arrive. */
export function cube(name: string, options: CubeOptions): CubeDefinition {
  const node: CubeNode = {
    kind: "cube",
    name,
    from: options.from.node.name,
    ...(options.where && { where: options.where.node }),
    every: options.every,
    by: dimensionsOf(options.by),
    measures: measureNodes(options.measures),
  };
  return Object.freeze({ node: deepFreeze(node) });
}
