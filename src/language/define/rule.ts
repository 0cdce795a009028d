import { deepFreeze } from "../../core/freeze.ts";
import type { RuleNode, Severity } from "../plan/nodes.ts";
import type { Condition } from "./expression.ts";
import type { Source } from "./source.ts";

/** A defined data-quality rule. */
export interface RuleDefinition {
  readonly node: RuleNode;
}

export interface RuleOptions {
  readonly on: Source & { readonly node: { readonly kind: "event" | "table" } };
  /** Which events it is about; all by default. */
  readonly when?: Condition;
  /** What must hold. Null keeps the rule. */
  readonly expect: Condition;
  /** `warn` counts; `quarantine` keeps the event out; `fail` aborts the day's models. */
  readonly severity: Severity;
}

/** Defines a rule about single events. */
export function rule(name: string, options: RuleOptions): RuleDefinition {
  const node: RuleNode = {
    kind: "rule",
    name,
    on: options.on.node.name,
    ...(options.when && { when: options.when.node }),
    expect: options.expect.node,
    severity: options.severity,
  };
  return Object.freeze({ node: deepFreeze(node) });
}
