import { canonicalJson } from "../../../core/canonical-json.ts";
import type { Expression } from "../../plan/expression.ts";

const known = new WeakMap<Expression, string>();

/** A text that equal expressions share. Nodes of a plan are frozen, so it is made once for each. */
export function expressionId(expression: Expression): string {
  let id = known.get(expression);
  if (id === undefined) {
    id = canonicalJson(expression);
    known.set(expression, id);
  }
  return id;
}
