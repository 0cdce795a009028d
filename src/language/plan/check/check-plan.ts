import { MillraceError } from "../../../core/errors.ts";
import { valueType, type ValueType } from "../../schema/field-type.ts";
import { STREAM_ENGINES } from "../engine.ts";
import { typeOf, type Expression } from "../expression.ts";
import { resultType, type Aggregate, type Dimension, type Measure } from "../measure.ts";
import type { AnomalyNode, MetricNode, ModelNode, Plan, PlanNode, RuleNode } from "../nodes.ts";
import { topicsOf } from "../topic.ts";
import type { Window } from "../window.ts";
import { checkExpression, type ExpressionContext } from "./check-expression.ts";
import { checkMeasure } from "./check-measure.ts";
import { checkFields, checkNames } from "./check-names.ts";
import type { Problem } from "./problem.ts";

type Columns = ReadonlyMap<string, ReadonlyMap<string, ValueType>>;

/** Everything wrong with a plan; empty when every compiler can start from it. */
export function checkPlan(plan: Plan): readonly Problem[] {
  const shape = [...checkNames(plan), ...checkFields(plan), ...checkReferences(plan)];
  if (shape.length > 0) return shape;
  const columns = columnsOf(plan);
  return [
    ...plan.events.flatMap((node) =>
      check(node, { from: node.name }, columns, plan, node.derived, { calls: true }),
    ),
    ...plan.streams.flatMap((node) => check(node, node, columns, plan, node.select)),
    ...plan.rules.flatMap((node) =>
      check(node, { from: node.on }, columns, plan, ruleValues(node), {
        // Whether a table's row came before an event is chance: no event is kept out by it.
        exists: node.severity === "warn",
      }),
    ),
    ...plan.metrics.flatMap((node) => [
      ...check(node, node, columns, plan, node.by),
      ...measures(node, node.measures, plan, columns),
      ...checkWindow(`metric ${node.name}`, node.window),
      ...checkEngine(node),
    ]),
    ...plan.models.flatMap((node) => checkModel(node, plan, columns)),
    ...plan.cubes.flatMap((node) => [
      ...check(node, node, columns, plan, node.by),
      ...measures(node, node.measures, plan, columns),
    ]),
    ...plan.anomalies.flatMap(checkAnomaly),
    ...checkLookups(plan),
  ];
}

/** Each lookup of a topic has a column of its own; what can't stand in its name is `_` there. */
function checkLookups(plan: Plan): readonly Problem[] {
  return topicsOf(plan).flatMap(({ name, node, lookups }) => {
    const columns = lookups.map(({ column }) => column);
    const twice = columns.find((column, index) => columns.indexOf(column) !== index);
    if (twice === undefined) return [];
    return [
      {
        node: `${node.kind} ${name}`,
        field: twice,
        message: "two different lookups would share this column",
        hint: "give the table or the field that one of them looks up another name",
      },
    ];
  });
}

const ruleValues = ({ when, expect }: RuleNode): readonly Dimension[] => [
  ...(when === undefined ? [] : [{ name: "when", value: when }]),
  { name: "expect", value: expect },
];

/** Throws `DEFINITION_INVALID` with every problem of a plan, if it has any. */
export function assertPlan(plan: Plan): void {
  const problems = checkPlan(plan);
  if (problems.length === 0) return;
  const lines = problems.map((each) => `${each.node}, ${each.field}: ${each.message}`);
  const [first] = problems;
  throw new MillraceError("DEFINITION_INVALID", lines.join("\n"), {
    field: `${first!.node}.${first!.field}`,
    hint: first!.hint,
  });
}

/** The columns of every topic and model, by source. */
function columnsOf(plan: Plan): Columns {
  const columns = new Map<string, ReadonlyMap<string, ValueType>>();
  for (const topic of topicsOf(plan)) {
    const declared = topic.leaves.map((leaf) => [leaf.path, valueType(leaf.type)] as const);
    const all = topic.layout.columns.map((column) => [column.name, column.valueType] as const);
    columns.set(topic.name, new Map([...all, ...declared]));
  }
  for (const model of plan.models) {
    columns.set(
      model.name,
      new Map([
        ...model.by.map((each) => [each.name, typeOf(each.value).type] as const),
        ...model.measures.map((each) => [each.name, resultType(each.aggregate)] as const),
        ...model.compute.map((each) => [each.name, typeOf(each.value).type] as const),
      ]),
    );
  }
  return columns;
}

interface Named {
  readonly name: string;
  readonly value: Expression;
}

interface From {
  readonly from: string;
  readonly where?: Expression;
  readonly join?: { readonly table: string; readonly on: Expression };
}

/** The problems of named expressions of a node, with its `where` and its join. */
function check(
  node: PlanNode,
  from: From,
  columns: Columns,
  plan: Plan,
  named: readonly Named[],
  allows: Partial<ExpressionContext["allows"]> = {},
): readonly Problem[] {
  const sources = [from.from, ...(from.join === undefined ? [] : [from.join.table])];
  const context: ExpressionContext = {
    columns: new Map(
      sources.flatMap((each) => (columns.has(each) ? [[each, columns.get(each)!]] : [])),
    ),
    tables: new Set(plan.tables.map((each) => each.name)),
    allows: { calls: false, day: false, exists: true, ...allows },
  };
  const all = [
    ...named,
    ...(from.where === undefined ? [] : [{ name: "where", value: from.where }]),
    ...(from.join === undefined ? [] : [{ name: "join", value: from.join.on }]),
  ];
  return all.flatMap(({ name, value }) =>
    checkExpression(value, context).map((problem) => ({
      node: `${node.kind} ${node.name}`,
      field: name,
      ...problem,
    })),
  );
}

/** The problems of a node's measures: their expressions, and what is measured. */
function measures(
  node: PlanNode & From,
  list: readonly Measure[],
  plan: Plan,
  columns: Columns,
  allows: Partial<ExpressionContext["allows"]> = {},
): readonly Problem[] {
  const label = `${node.kind} ${node.name}`;
  if (list.length === 0) {
    return [{ node: label, field: "measures", message: "no measures", hint: "add count()" }];
  }
  return list.flatMap(({ name, aggregate }) => [
    ...check(node, node, columns, plan, expressionsIn(name, aggregate), allows),
    ...checkMeasure(plan, node, aggregate).map((problem) => ({
      node: label,
      field: name,
      ...problem,
    })),
  ]);
}

function expressionsIn(name: string, aggregate: Aggregate): readonly Named[] {
  if (aggregate.kind === "ratio") {
    return [
      ...expressionsIn(name, aggregate.numerator),
      ...expressionsIn(name, aggregate.denominator),
    ];
  }
  return [
    ...(aggregate.kind === "count" ? [] : [{ name, value: aggregate.value }]),
    ...(aggregate.where === undefined ? [] : [{ name, value: aggregate.where }]),
  ];
}

function checkModel(node: ModelNode, plan: Plan, columns: Columns): readonly Problem[] {
  const allows = { day: true, exists: true };
  const own: From = { from: node.name };
  return [
    ...check(node, node, columns, plan, node.by, allows),
    ...measures(node, node.measures, plan, columns, allows),
    ...check(node, own, columns, plan, node.compute, allows),
  ];
}

/** References by name: sources, tables, and models only after what they are made from. */
function checkReferences(plan: Plan): readonly Problem[] {
  const topics = new Set([...plan.events, ...plan.streams].map((each) => each.name));
  const tables = new Set(plan.tables.map((each) => each.name));
  const known = new Set(topics);
  const problems: Problem[] = [];
  const refer = (node: PlanNode, field: string, name: string, among: ReadonlySet<string>): void => {
    if (among.has(name)) return;
    problems.push({
      node: `${node.kind} ${node.name}`,
      field,
      message: `${name} isn't a part of the pipeline, or comes after this`,
      hint: "add it to the pipeline, before what is made from it",
    });
  };
  const streamed = new Set(plan.events.map((each) => each.name));
  for (const node of plan.streams) {
    refer(node, "from", node.from, streamed);
    streamed.add(node.name);
  }
  for (const node of [...plan.metrics, ...plan.cubes]) refer(node, "from", node.from, topics);
  for (const node of plan.rules) refer(node, "on", node.on, new Set([...topics, ...tables]));
  for (const node of plan.models) {
    refer(node, "from", node.from, known);
    known.add(node.name);
  }
  for (const node of [...plan.streams, ...plan.models]) {
    if (node.join !== undefined) refer(node, "join", node.join.table, tables);
  }
  for (const node of plan.anomalies) {
    const metric = plan.metrics.find((each) => each.name === node.metric);
    refer(node, "on", node.metric, new Set(plan.metrics.map((each) => each.name)));
    if (metric !== undefined) {
      refer(node, "on", node.measure, new Set(metric.measures.map((each) => each.name)));
    }
  }
  return problems;
}

const PANES_MAX = 1_000;

function checkWindow(node: string, window: Window): readonly Problem[] {
  if (window.kind !== "sliding") return [];
  const whole = window.sizeMs % window.everyMs === 0;
  if (whole && window.sizeMs / window.everyMs <= PANES_MAX) return [];
  return [
    {
      node,
      field: "window",
      message: "a sliding window's size must be a multiple of its step, 1,000 times at most",
      hint: 'such as sliding("10m", "1m")',
    },
  ];
}

function checkEngine({ name, engine }: MetricNode): readonly Problem[] {
  if (engine === undefined || STREAM_ENGINES.includes(engine)) return [];
  return [
    {
      node: `metric ${name}`,
      field: "on",
      message: `no engine that computes metrics is called ${String(engine)}`,
      hint: `one of ${STREAM_ENGINES.join(", ")}`,
    },
  ];
}

function checkAnomaly(node: AnomalyNode): readonly Problem[] {
  const fits = Number.isInteger(node.history) && node.history >= 2 && node.history <= 1_000;
  const positive = node.threshold > 0 && node.floor > 0 && node.warmUp >= 2;
  if (fits && positive && node.warmUp <= node.history) return [];
  return [
    {
      node: `anomaly ${node.name}`,
      field: "history",
      message:
        "history is 2 to 1,000 windows; threshold and floor are above 0; warmUp 2 to history",
      hint: "such as { history: 60, threshold: 4 }",
    },
  ];
}
