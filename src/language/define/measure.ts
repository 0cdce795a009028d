import { LIMITS } from "../../core/limits.ts";
import { deepFreeze } from "../../core/freeze.ts";
import type { Aggregate } from "../plan/measure.ts";
import type { AnyValue, Condition, NumberValue, TextValue, TimeValue } from "./expression.ts";

/** A measure of a metric, model or cube, before it has its name. `Value` is what it reads as. */
export interface MeasureDefinition<Value extends AnyValue = AnyValue> {
  readonly aggregate: Aggregate;
  /** Restricts the events it takes. */
  where(condition: Condition): MeasureDefinition<Value>;
  /** Never set; carries the type. */
  readonly reads?: Value;
}

type Exact = NumberValue<"integer" | "decimal">;

function measure<Value extends AnyValue>(aggregate: Aggregate): MeasureDefinition<Value> {
  return Object.freeze({
    aggregate: deepFreeze(aggregate),
    where: (condition: Condition) => measure<Value>(restricted(aggregate, condition)),
  });
}

function restricted(aggregate: Aggregate, condition: Condition): Aggregate {
  if (aggregate.kind === "ratio") {
    return {
      kind: "ratio",
      numerator: restricted(aggregate.numerator, condition),
      denominator: restricted(aggregate.denominator, condition),
    };
  }
  const where =
    aggregate.where === undefined
      ? condition.node
      : ({ kind: "and", args: [aggregate.where, condition.node] } as const);
  return { ...aggregate, where };
}

/** How many events; 0 over none. */
export const count = (): MeasureDefinition<NumberValue<"integer">> => measure({ kind: "count" });

/** How many events for which the condition is true. */
export const countIf = (condition: Condition): MeasureDefinition<NumberValue<"integer">> =>
  measure({ kind: "count", where: condition.node });

/** The exact sum; null over no values. Floats have no exact sum: quantise them at the door. */
export const sum = <Kind extends "integer" | "decimal">(
  value: NumberValue<Kind>,
): MeasureDefinition<NumberValue<"decimal">> => measure({ kind: "sum", value: value.node });

/** The smallest; null over no values. Texts have none. */
export const min = <V extends NumberValue | TimeValue>(value: V): MeasureDefinition<V> =>
  measure({ kind: "min", value: value.node });

/** The greatest; null over no values. Texts have none. */
export const max = <V extends NumberValue | TimeValue>(value: V): MeasureDefinition<V> =>
  measure({ kind: "max", value: value.node });

/** The mean, stored as sum and count, divided once where it is read. */
export const avg = (
  value: Exact | NumberValue<"integer"> | NumberValue<"decimal">,
): MeasureDefinition<NumberValue<"decimal">> => measure({ kind: "avg", value: value.node });

/** How many different values; exact up to `limit` a group, beyond it marked as incomplete. */
export const countDistinct = (
  value: TextValue | NumberValue<"integer">,
  options: { readonly limit?: number } = {},
): MeasureDefinition<NumberValue<"integer">> =>
  measure({
    kind: "countDistinct",
    value: value.node,
    limit: options.limit ?? LIMITS.distinctValuesMax,
  });

/** One measure over another, stored as both, divided once where it is read. */
export const ratio = (
  numerator: MeasureDefinition,
  denominator: MeasureDefinition,
): MeasureDefinition<NumberValue<"decimal">> =>
  measure({
    kind: "ratio",
    numerator: numerator.aggregate,
    denominator: denominator.aggregate,
  });

/** Measures by name. */
export type MeasureMap = { readonly [name: string]: MeasureDefinition };

/** The plan's nodes of named measures. */
export const measureNodes = (measures: MeasureMap) =>
  Object.entries(measures).map(([name, { aggregate }]) => ({ name, aggregate }));
