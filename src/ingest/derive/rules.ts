import { compileRows, type RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { Expression } from "../../language/plan/expression.ts";
import type { Plan, RuleNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Problem } from "../scan/problem.ts";

/** How often each rule of severity `warn` or `fail` was broken, by its name. */
export type RuleCounts = Map<string, number>;

/** The rules about a topic's rows, compiled. */
export interface TopicRules {
  /**
   * Evaluates every rule over the row at `start`, counting what only warns or fails; the first
   * broken one of severity `quarantine` is given back.
   */
  check(rows: Uint8Array, start: number, counts: RuleCounts): RuleProblem | undefined;
}

export type RuleProblem = Problem & { readonly rule: string };

/** `undefined` when no rule is about the topic. */
export function topicRules(plan: Plan, topic: Topic): TopicRules | undefined {
  const rules = plan.rules.filter((rule) => rule.on === topic.name);
  if (rules.length === 0) return undefined;
  const expressions = rules.flatMap(({ when, expect }): Expression[] => [when ?? TRUE, expect]);
  const program: RowProgram = compileRows(topic.layout, expressions);
  return {
    check(rows, start, counts) {
      program.run(rows, start);
      let first: RuleProblem | undefined;
      for (let index = 0; index < rules.length; index++) {
        const isBroken =
          program.values[index * 2]!() === true && program.values[index * 2 + 1]!() === false;
        if (!isBroken) continue;
        const rule = rules[index]!;
        counts.set(rule.name, (counts.get(rule.name) ?? 0) + 1);
        if (rule.severity === "quarantine") first ??= problemOf(rule);
      }
      return first;
    },
  };
}

const TRUE: Expression = { kind: "literal", type: { kind: "boolean" }, value: true };

const problemOf = (rule: RuleNode): RuleProblem => ({
  code: "RULE_BROKEN",
  rule: rule.name,
  message: `the event breaks the rule ${rule.name}`,
  hint: "see it with `millrace quarantine list --reason RULE_BROKEN`",
});
