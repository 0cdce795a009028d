import type { Comparison } from "../../plan/expression.ts";

/**
 * An expression as the Java runner evaluates it: columns by their place, scales aligned, so that
 * nothing is left to decide there but SQL's logic. Numbers are exact: `exact` are whole numbers of
 * the last place.
 */
export type LoweredExpression =
  | { readonly op: "column"; readonly at: number }
  | { readonly op: "constant"; readonly kind: "text" | "exact"; readonly value: string }
  | { readonly op: "constant"; readonly kind: "float" | "time"; readonly value: number }
  | { readonly op: "constant"; readonly kind: "boolean"; readonly value: boolean }
  /** An exact number with more places after the point: times a power of ten. */
  | { readonly op: "rescale"; readonly places: number; readonly of: LoweredExpression }
  | { readonly op: "toFloat"; readonly scale: number; readonly of: LoweredExpression }
  | {
      readonly op: "compare";
      readonly how: Comparison;
      readonly left: LoweredExpression;
      readonly right: LoweredExpression;
    }
  | {
      readonly op: "in";
      readonly of: LoweredExpression;
      readonly options: readonly LoweredExpression[];
    }
  | { readonly op: "isNull" | "not"; readonly of: LoweredExpression }
  | { readonly op: "and" | "or" | "coalesce"; readonly args: readonly LoweredExpression[] }
  | {
      readonly op: "add" | "subtract" | "multiply";
      readonly left: LoweredExpression;
      readonly right: LoweredExpression;
    };
