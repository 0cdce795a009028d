import type { PlanNode } from "../plan/nodes.ts";
import type { AnyValue } from "./expression.ts";

/** Values by name. */
export type ValueMap = { readonly [name: string]: AnyValue };

/** What metrics, streams, rules and models may be made from: a topic or a model with fields. */
export interface Source<Fields = unknown> {
  readonly node: Extract<PlanNode, { kind: "event" | "stream" | "model" | "table" }>;
  readonly fields: Fields;
}

/** Named plan nodes of named values. */
export const dimensionsOf = (values: ValueMap) =>
  Object.entries(values).map(([name, value]) => ({ name, value: value.node }));
