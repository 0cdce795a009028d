import type { RuleNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { expressionSql, sourceScope } from "./expression.ts";
import { quoteName, timeSql, whereClause } from "./sql-text.ts";

/** Events that a rule is held against. */
export interface RuleSelectOptions {
  /** A table, a table function or a subquery in brackets, with the topic's columns. */
  readonly relation: string;
  /** Events with a time in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One row `broken`: how many events break the rule. Null breaks nothing, as in SQL's CHECK. */
export function ruleSelect(rule: RuleNode, topic: Topic, options: RuleSelectOptions): string {
  const scope = sourceScope(rule.name);
  const time = `s.${quoteName(topic.time)}`;
  const terms = [
    `${time} >= ${timeSql(options.fromMs)}`,
    `${time} < ${timeSql(options.toMs)}`,
    ...(rule.when === undefined ? [] : [expressionSql(rule.when, scope)]),
    `NOT ifNull(${expressionSql(rule.expect, scope)}, true)`,
  ];
  return `SELECT count() AS broken FROM ${options.relation} AS s${whereClause(terms)}`;
}
