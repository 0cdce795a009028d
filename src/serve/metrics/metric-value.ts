import { divideHalfUp, formatDecimal } from "../../core/decimal.ts";
import {
  componentsOf,
  QUOTIENT_SCALE,
  type Component,
  type Measure,
} from "../../language/plan/measure.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";

/** A value as JSON: amounts as text, times as RFC 3339, whole numbers as numbers while exact. */
export type JsonValue = string | number | boolean | null;

/** A value of the language as JSON shows it. */
export function jsonValue(value: Value, type: ValueType): JsonValue {
  if (value === null) return null;
  if (type.kind === "decimal") return formatDecimal(value as bigint, type.scale);
  if (type.kind === "timestamp") return new Date(value as number).toISOString();
  if (typeof value === "bigint") return wholeNumber(value);
  return value;
}

const wholeNumber = (value: bigint): JsonValue => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

/** The readable values of measures from stored components; the one place that divides. */
export function measureValues(
  measures: readonly Measure[],
  components: readonly Value[],
): readonly JsonValue[] {
  let at = 0;
  return measures.map((measure) => {
    const parts = componentsOf(measure);
    const values = components.slice(at, at + parts.length);
    at += parts.length;
    const { kind } = measure.aggregate;
    if (kind !== "avg" && kind !== "ratio") return jsonValue(values[0] ?? null, parts[0]!.type);
    return quotient(values, parts);
  });
}

function quotient(values: readonly Value[], parts: readonly Component[]): JsonValue {
  const [top, bottom] = values;
  if (typeof top !== "bigint" || typeof bottom !== "bigint") return null;
  const scale = Math.max(scaleOf(parts[0]!), scaleOf(parts[1]!));
  const raise = (value: bigint, part: Component): bigint =>
    value * 10n ** BigInt(scale - scaleOf(part));
  const result = divideHalfUp(raise(top, parts[0]!), raise(bottom, parts[1]!), QUOTIENT_SCALE);
  return result === undefined ? null : formatDecimal(result, QUOTIENT_SCALE);
}

const scaleOf = ({ type }: Component): number => (type.kind === "decimal" ? type.scale : 0);
