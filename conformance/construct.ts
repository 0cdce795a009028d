/**
 * What a definition can be made of, taken from the unions of `src/language/plan`. The records are
 * exhaustive: a new kind of node fails the type check here until the suite knows it.
 */
import type { CleanStep } from "../src/language/schema/field-type.ts";
import type { Comparison, DerivedFunction, Expression } from "../src/language/plan/expression.ts";
import { walkExpression } from "../src/language/plan/expression.ts";
import { aggregateExpressions } from "../src/language/plan/expressions-of.ts";
import type { Aggregate } from "../src/language/plan/measure.ts";
import type { EventNode, Join, Plan, PlanNode, Severity } from "../src/language/plan/nodes.ts";
import { nodesOf } from "../src/language/plan/nodes.ts";
import type { Window } from "../src/language/plan/window.ts";
import { leavesOf } from "../src/language/schema/leaf.ts";

/** A row of the coverage table. */
export type Construct =
  | `node ${PlanNode["kind"]}`
  | `window ${Window["kind"]}`
  | `aggregate ${Aggregate["kind"]}`
  | `expression ${Expression["kind"]}`
  | "clean";

/** What a family of constructs has in common: which reasons hold for all of them. */
export type Family = "node" | "window" | "aggregate" | "expression" | "clean";

/** Every construct, in the order of the table, with its family. */
export const CONSTRUCTS: Record<Construct, Family> = {
  "node event": "node",
  "node table": "node",
  "node stream": "node",
  "node metric": "node",
  "node anomaly": "node",
  "node rule": "node",
  "node model": "node",
  "node cube": "node",
  "window tumbling": "window",
  "window sliding": "window",
  "window session": "window",
  "aggregate count": "aggregate",
  "aggregate sum": "aggregate",
  "aggregate min": "aggregate",
  "aggregate max": "aggregate",
  "aggregate avg": "aggregate",
  "aggregate countDistinct": "aggregate",
  "aggregate ratio": "aggregate",
  "expression field": "expression",
  "expression literal": "expression",
  "expression compare": "expression",
  "expression in": "expression",
  "expression isNull": "expression",
  "expression and": "expression",
  "expression or": "expression",
  "expression not": "expression",
  "expression coalesce": "expression",
  "expression arithmetic": "expression",
  "expression call": "expression",
  "expression exists": "expression",
  "expression minutesBetween": "expression",
  "expression day": "expression",
  clean: "clean",
};

export const isConstruct = (name: string): name is Construct => Object.hasOwn(CONSTRUCTS, name);

/** One way to use a construct; each is in some case at least once. */
export type Variant =
  | `compare ${Comparison}`
  | `arithmetic ${Extract<Expression, { kind: "arithmetic" }>["op"]}`
  | `call ${DerivedFunction}`
  | `clean ${CleanStep["kind"]}`
  | `join ${Join["type"]}`
  | `severity ${Severity}`
  | `undeclared ${EventNode["undeclared"]}`
  | `emit ${"change" | "close"}`
  | `every ${"hour" | "day"}`;

export const VARIANTS: Record<Variant, true> = {
  "compare eq": true,
  "compare ne": true,
  "compare lt": true,
  "compare lte": true,
  "compare gt": true,
  "compare gte": true,
  "arithmetic add": true,
  "arithmetic subtract": true,
  "arithmetic multiply": true,
  "call path": true,
  "call host": true,
  "call queryParameter": true,
  "call lower": true,
  "call upper": true,
  "call concat": true,
  "call sha256": true,
  "call hourOfDay": true,
  "call dayOfWeek": true,
  "call geohash": true,
  "clean trim": true,
  "clean lowercase": true,
  "clean uppercase": true,
  "clean nfc": true,
  "clean coerce": true,
  "clean default": true,
  "join inner": true,
  "join left": true,
  "severity warn": true,
  "severity quarantine": true,
  "severity fail": true,
  "undeclared keep": true,
  "undeclared drop": true,
  "undeclared refuse": true,
  "emit change": true,
  "emit close": true,
  "every hour": true,
  "every day": true,
};

/** The constructs and the variants that a plan uses. */
export function usedBy(plan: Plan): ReadonlySet<Construct | Variant> {
  const used = new Set<Construct | Variant>();
  for (const node of nodesOf(plan)) {
    used.add(`node ${node.kind}`);
    noteNode(node, used);
    for (const expression of expressionsIn(node)) {
      walkExpression(expression, (each) => noteExpression(each, used));
    }
  }
  return used;
}

type Used = Set<Construct | Variant>;

function noteNode(node: PlanNode, used: Used): void {
  if (node.kind === "event" || node.kind === "table") {
    for (const step of leavesOf(node.fields).flatMap((leaf) => leaf.clean)) {
      used.add("clean").add(`clean ${step.kind}`);
    }
  }
  if (node.kind === "event") used.add(`undeclared ${node.undeclared}`);
  if (node.kind === "rule") used.add(`severity ${node.severity}`);
  if (node.kind === "cube") used.add(`every ${node.every}`);
  if (node.kind === "metric") used.add(`window ${node.window.kind}`).add(`emit ${node.emit}`);
  if ("join" in node && node.join !== undefined) used.add(`join ${node.join.type}`);
  if ("measures" in node) for (const { aggregate } of node.measures) noteAggregate(aggregate, used);
}

function noteAggregate(aggregate: Aggregate, used: Used): void {
  used.add(`aggregate ${aggregate.kind}`);
  if (aggregate.kind !== "ratio") return;
  noteAggregate(aggregate.numerator, used);
  noteAggregate(aggregate.denominator, used);
}

function noteExpression(expression: Expression, used: Used): void {
  used.add(`expression ${expression.kind}`);
  if (expression.kind === "compare") used.add(`compare ${expression.op}`);
  if (expression.kind === "arithmetic") used.add(`arithmetic ${expression.op}`);
  if (expression.kind === "call") used.add(`call ${expression.fn}`);
}

function expressionsIn(node: PlanNode): readonly Expression[] {
  const found: (Expression | undefined)[] = [];
  if ("where" in node) found.push(node.where);
  if ("join" in node) found.push(node.join?.on);
  if ("by" in node) found.push(...node.by.map((each) => each.value));
  if ("measures" in node)
    found.push(...node.measures.flatMap((m) => aggregateExpressions(m.aggregate)));
  if (node.kind === "event") found.push(...node.derived.map((each) => each.value));
  if (node.kind === "stream") found.push(...node.select.map((each) => each.value));
  if (node.kind === "model") found.push(...node.compute.map((each) => each.value));
  if (node.kind === "rule") found.push(node.when, node.expect);
  return found.filter((each) => each !== undefined);
}
