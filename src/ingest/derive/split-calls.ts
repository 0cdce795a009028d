import { typeOf, type Expression, type FieldExpression } from "../../language/plan/expression.ts";

/** A call of a derived function, taken out of an expression. */
export interface Call {
  readonly node: Extract<Expression, { kind: "call" }>;
  /** Its arguments, with calls inside them replaced in the same way. */
  readonly args: readonly Expression[];
}

const SOURCE = "$call";

/** The index of the call that a field stands for; -1 when it is an ordinary field. */
export const callIndex = (field: FieldExpression): number =>
  field.source === SOURCE ? Number(field.path) : -1;

/**
 * Replaces each call of a derived function by a field of a made-up source, so that the compiler of
 * the engines' algebra can take the rest. Calls come innermost first.
 */
export function splitCalls(expression: Expression, calls: Call[]): Expression {
  const inner = (each: Expression): Expression => splitCalls(each, calls);
  switch (expression.kind) {
    case "field":
    case "literal":
    case "day":
      return expression;
    case "call": {
      const args = expression.args.map(inner);
      calls.push({ node: expression, args });
      const { type } = typeOf(expression);
      return {
        kind: "field",
        source: SOURCE,
        path: String(calls.length - 1),
        type,
        nullable: true,
      };
    }
    case "compare":
    case "arithmetic":
      return { ...expression, left: inner(expression.left), right: inner(expression.right) };
    case "in":
    case "isNull":
      return { ...expression, value: inner(expression.value) };
    case "not":
      return { ...expression, arg: inner(expression.arg) };
    case "exists":
      return { ...expression, key: inner(expression.key) };
    case "minutesBetween":
      return { ...expression, from: inner(expression.from), to: inner(expression.to) };
    default:
      return { ...expression, args: expression.args.map(inner) };
  }
}
