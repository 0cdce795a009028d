import type { RuleNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { expressionSql, sourceScope } from "../sql/expression.ts";
import { quoteName, whereClause } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";

/** Events that a rule is held against. */
export interface RuleSelectOptions {
  /** A table, a view or a subquery in brackets, with the topic's columns. */
  readonly relation: string;
  /** Events with a time in [fromMs, toMs); without it, all. */
  readonly range?: { readonly fromMs: number; readonly toMs: number };
}

/** One row `broken`: how many events break the rule. Null breaks nothing, as in SQL's CHECK. */
export function ruleSelect(
  rule: RuleNode,
  topic: Topic,
  { relation, range }: RuleSelectOptions,
): string {
  const scope = sourceScope(SPARK, rule.name);
  const time = `s.${quoteName(topic.time)}`;
  const terms = [
    ...(range === undefined
      ? []
      : [`${time} >= ${SPARK.time(range.fromMs)}`, `${time} < ${SPARK.time(range.toMs)}`]),
    ...(rule.when === undefined ? [] : [expressionSql(rule.when, scope)]),
    `NOT COALESCE(${expressionSql(rule.expect, scope)}, TRUE)`,
  ];
  return `SELECT COUNT(*) AS broken FROM ${relation} AS s${whereClause(terms)}`;
}
