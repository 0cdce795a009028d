import { leavesOf } from "../../schema/leaf.ts";
import { fieldsIn, typeOf, type Expression } from "../expression.ts";
import type { Aggregate, Dimension } from "../measure.ts";
import type { Plan } from "../nodes.ts";
import type { ExpressionProblem } from "./check-expression.ts";

interface Grouped {
  readonly from: string;
  readonly by: readonly Dimension[];
  readonly where?: Expression;
}

/** What can't be measured: sums of floats, extremes of texts, sums over mixed currencies. */
export function checkMeasure(
  plan: Plan,
  node: object,
  aggregate: Aggregate,
): readonly ExpressionProblem[] {
  if (aggregate.kind === "ratio") {
    return [aggregate.numerator, aggregate.denominator].flatMap((each) =>
      each.kind === "ratio" || each.kind === "avg" || each.kind === "countDistinct"
        ? [
            {
              message: `a ratio of \`${each.kind}\``,
              hint: "divide counts, sums, minima or maxima",
            },
          ]
        : checkMeasure(plan, node, each),
    );
  }
  if (aggregate.kind === "count") return [];
  const { kind } = typeOf(aggregate.value).type;
  if (aggregate.kind === "countDistinct") {
    return kind === "string" || kind === "integer"
      ? []
      : [{ message: `different ${kind} values can't be counted`, hint: "count texts or integers" }];
  }
  if (aggregate.kind === "min" || aggregate.kind === "max") {
    return kind === "string" || kind === "boolean"
      ? [
          {
            message: `there is no ${aggregate.kind} of a ${kind}`,
            hint: "engines order texts differently",
          },
        ]
      : [];
  }
  if (kind !== "integer" && kind !== "decimal") {
    return [
      {
        message: `a ${kind} has no exact ${aggregate.kind}`,
        hint: "quantise it at the door: declare the field as t.decimal(precision, scale)",
      },
    ];
  }
  return isGrouped(node) ? mixedCurrencies(plan, node, aggregate.value, aggregate.where) : [];
}

const isGrouped = (node: object): node is Grouped => "from" in node && "by" in node;

/** Money may only be summed where its currency is grouped by, or held to one value. */
function mixedCurrencies(
  plan: Plan,
  node: Grouped,
  value: Expression,
  where: Expression | undefined,
): readonly ExpressionProblem[] {
  const source = plan.events.find((each) => each.name === node.from);
  if (source === undefined) return [];
  const leaves = new Map(leavesOf(source.fields).map((leaf) => [leaf.path, leaf]));
  const grouped = new Set(
    node.by.flatMap((each) => fieldsIn(each.value).map((field) => field.path)),
  );
  return fieldsIn(value).flatMap((field) => {
    const type = leaves.get(field.path)?.type;
    const currency = type?.kind === "decimal" ? type.currency : undefined;
    if (currency === undefined || grouped.has(currency)) return [];
    if (holdsTo(node.where, currency) || holdsTo(where, currency)) return [];
    return [
      {
        message: `${field.path} may be in several currencies`,
        hint: `group by ${currency}, or keep to one with where: ${currency}.is("…")`,
      },
    ];
  });
}

/** Whether a condition holds a field to one value. */
function holdsTo(condition: Expression | undefined, path: string): boolean {
  if (condition === undefined) return false;
  if (condition.kind === "and") return condition.args.some((each) => holdsTo(each, path));
  return (
    condition.kind === "compare" &&
    condition.op === "eq" &&
    condition.left.kind === "field" &&
    condition.left.path === path &&
    condition.right.kind === "literal"
  );
}
