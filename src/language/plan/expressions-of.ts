import type { Expression } from "./expression.ts";
import type { Aggregate, Dimension, Measure } from "./measure.ts";
import type { Plan } from "./nodes.ts";

/** The expressions inside an aggregate. */
export function aggregateExpressions(aggregate: Aggregate): readonly Expression[] {
  if (aggregate.kind === "ratio") {
    return [
      ...aggregateExpressions(aggregate.numerator),
      ...aggregateExpressions(aggregate.denominator),
    ];
  }
  const where = aggregate.where === undefined ? [] : [aggregate.where];
  return aggregate.kind === "count" ? where : [aggregate.value, ...where];
}

/** What a node that filters, groups and measures evaluates over its source. */
interface Grouping {
  readonly where?: Expression;
  readonly by?: readonly Dimension[];
  readonly measures?: readonly Measure[];
}

/** The expressions of a grouping node. */
export const groupingExpressions = (node: Grouping): readonly Expression[] => [
  ...(node.where === undefined ? [] : [node.where]),
  ...(node.by ?? []).map((dimension) => dimension.value),
  ...(node.measures ?? []).flatMap((measure) => aggregateExpressions(measure.aggregate)),
];

/** Every expression that a plan evaluates over rows of one topic. */
export function expressionsOf(plan: Plan, topic: string): readonly Expression[] {
  const groupings = [...plan.metrics, ...plan.models, ...plan.cubes];
  return [
    ...groupings.filter((node) => node.from === topic).flatMap(groupingExpressions),
    ...plan.streams
      .filter((node) => node.from === topic)
      .flatMap((node) => [
        ...groupingExpressions({ ...(node.where && { where: node.where }), by: node.select }),
        ...(node.join === undefined ? [] : [node.join.on]),
      ]),
    ...plan.rules
      .filter((node) => node.on === topic)
      .flatMap((node) => [...(node.when === undefined ? [] : [node.when]), node.expect]),
  ];
}
