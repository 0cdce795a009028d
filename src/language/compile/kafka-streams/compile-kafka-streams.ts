import { MillraceError } from "../../../core/errors.ts";
import { componentsOf } from "../../plan/measure.ts";
import { metricComponents } from "../../plan/metric-row.ts";
import { typeOf, type Expression } from "../../plan/expression.ts";
import type { AnomalyNode, MetricNode, Plan, StreamNode } from "../../plan/nodes.ts";
import { anomalyMeaning, metricMeaning } from "../../plan/plan-json.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { SLACK_MS } from "../../plan/window.ts";
import { alertAvro } from "../avro/alert-avro.ts";
import { metricAvro } from "../avro/metric-avro.ts";
import { topicAvro } from "../avro/topic-avro.ts";
import { ExpressionLowerer } from "./lower-expression.ts";
import { isMadeByGate } from "./made-by-gate.ts";
import { RunnerColumns } from "./runner-columns.ts";
import type {
  AnomalyPlan,
  ComponentPlan,
  DimensionPlan,
  GatePlan,
  MadeFieldPlan,
  MadeStreamPlan,
  MetricPlan,
  StreamsPlan,
  TopicPlan,
  WindowPlan,
} from "./streams-plan.ts";

export interface KafkaStreamsOptions {
  /** Namespace of the Avro records. */
  readonly namespace: string;
  /** Before the name of every topic, with a dot; none: the names as they are. */
  readonly prefix?: string;
}

/** Digits of a metric's meaning that its state is kept under. */
const MEANING_DIGITS = 8;

/**
 * What the Kafka Streams runner needs of a plan: the gates that make clean topics of raw ones, and
 * the metrics of each clean topic. Throws `UNSUPPORTED_BY_ENGINE` where it can't compute a node.
 */
export function compileKafkaStreams(plan: Plan, options: KafkaStreamsOptions): StreamsPlan {
  const topics = topicsOf(plan);
  const context: Context = { plan, options, topics };
  return {
    format: 1,
    name: plan.name,
    slackMs: SLACK_MS,
    gates: topics
      .filter((topic) => !isMadeByGate(topics, topic))
      .map((topic) => gateOf(context, topic)),
    topics: topics
      .filter(({ name }) => plan.metrics.some((metric) => metric.from === name))
      .map((topic) => topicPlan(context, topic)),
  };
}

interface Context {
  readonly plan: Plan;
  readonly options: KafkaStreamsOptions;
  readonly topics: readonly Topic[];
}

const named = ({ prefix }: KafkaStreamsOptions, topic: string): string =>
  prefix === undefined ? topic : `${prefix}.${topic}`;

/** The event that a topic's records come from in the end. */
function rootOf({ topics }: Context, topic: Topic): Topic {
  let root = topic;
  while (root.node.kind === "stream") {
    const { from }: StreamNode = root.node;
    root = topics.find(({ name }) => name === from)!;
  }
  return root;
}

function gateOf(context: Context, topic: Topic): GatePlan {
  const { options } = context;
  const columns = new RunnerColumns(topic);
  const clean = named(options, topic.name);
  const streams = madeStreams(context, topic, columns, (lower) => lower);
  const { node } = rootOf(context, topic);
  const at = (path: string): number => columns.of(path, topic.name).at;
  const horizonMs = horizonOf(node);
  const identity =
    horizonMs === undefined ? undefined : { id: at(topic.id), key: topic.key.map(at), horizonMs };
  return {
    raw: `${clean}.raw`,
    topic: clean,
    ...(identity && { identity }),
    streams,
    columns: columns.listed,
  };
}

/** A database's changes have ids, too: what its source tells twice is one change. */
const CHANGES_HORIZON_MS = 86_400_000;

/** How long ids are remembered; none: every record is let in. */
function horizonOf(node: Topic["node"]): number | undefined {
  if (node.kind === "event") return node.horizonMs;
  return node.kind === "table" && node.from !== undefined ? CHANGES_HORIZON_MS : undefined;
}

type Rewrite = (expression: Expression) => Expression;

/**
 * The streams that are made of a topic, however far: one of another stream reads the first's
 * columns as the expressions that they are.
 */
function madeStreams(
  context: Context,
  source: Topic,
  columns: RunnerColumns,
  rewrite: Rewrite,
  above: readonly Expression[] = [],
): readonly MadeStreamPlan[] {
  const { topics, options } = context;
  return topics.flatMap((topic): readonly MadeStreamPlan[] => {
    const { node } = topic;
    if (node.kind !== "stream" || node.from !== source.name) return [];
    if (!isMadeByGate(topics, topic)) return [];
    const lowerer = new ExpressionLowerer(columns, `stream ${topic.name}`);
    const conditions = [...above, ...(node.where === undefined ? [] : [rewrite(node.where)])];
    const values = valuesOf(topic, source, node, rewrite);
    const made: MadeStreamPlan = {
      topic: named(options, topic.name),
      avro: topicAvro(topic, options.namespace),
      ...(conditions.length > 0 && { where: lowerer.lower({ kind: "and", args: conditions }) }),
      fields: topic.leaves.map(({ path, type }): MadeFieldPlan => ({
        name: path,
        type:
          type.kind === "id" || type.kind === "oneOf"
            ? { kind: "string" }
            : type.kind === "decimal"
              ? { kind: "decimal", precision: type.precision, scale: type.scale }
              : { kind: type.kind },
        value: lowerer.lower(values.get(path)!),
      })),
      time: topic.time,
    };
    const further = (expression: Expression): Expression =>
      replaceFields(expression, (name) => values.get(name));
    return [made, ...madeStreams(context, topic, columns, further, conditions)];
  });
}

/** What each field of a stream is, over the columns of the topic that the gate reads. */
function valuesOf(
  topic: Topic,
  source: Topic,
  { select }: StreamNode,
  rewrite: Rewrite,
): ReadonlyMap<string, Expression> {
  const selected = new Map(select.map(({ name, value }) => [name, value]));
  return new Map(
    topic.leaves.map(({ path, nullable }) => {
      const { valueType } = topic.layout.columns.find(({ name }) => name === path)!;
      const carried: Expression = {
        kind: "field",
        source: source.name,
        path,
        type: valueType,
        nullable,
      };
      return [path, rewrite(selected.get(path) ?? carried)] as const;
    }),
  );
}

/** The expression with other expressions in place of its fields. */
function replaceFields(
  expression: Expression,
  valueOf: (path: string) => Expression | undefined,
): Expression {
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== "object" || value === null) return value;
    const node = value as Expression;
    if (node.kind === "field") return valueOf(node.path) ?? node;
    return Object.fromEntries(Object.entries(node).map(([name, each]) => [name, inside(each)]));
  };
  return inside(expression) as Expression;
}

function topicPlan(context: Context, topic: Topic): TopicPlan {
  const columns = new RunnerColumns(topic);
  const metrics = context.plan.metrics
    .filter(({ from }) => from === topic.name)
    .map((metric) => metricPlan(context, metric, columns));
  return { topic: named(context.options, topic.name), metrics, columns: columns.listed };
}

function metricPlan(context: Context, metric: MetricNode, columns: RunnerColumns): MetricPlan {
  const { plan, options } = context;
  const lowerer = new ExpressionLowerer(columns, `metric ${metric.name}`);
  return {
    name: metric.name,
    meaning: metricMeaning(metric).slice(0, MEANING_DIGITS),
    rows: named(options, `${metric.name}.rows`),
    avro: metricAvro(metric, options.namespace),
    ...(metric.where !== undefined && { where: lowerer.lower(metric.where) }),
    by: metric.by.map(({ name, value }): DimensionPlan => {
      const { type } = typeOf(value);
      if (type.kind === "float") throw floatDimension(metric.name, name);
      return { type, value: lowerer.lower(value) };
    }),
    window: windowPlan(metric),
    graceMs: metric.graceMs,
    emit: metric.emit,
    components: metricComponents(metric).map(({ aggregate, type }): ComponentPlan => ({
      kind: aggregate.kind,
      type,
      ...(aggregate.where !== undefined && { where: lowerer.lower(aggregate.where) }),
      ...(aggregate.kind !== "count" && { value: lowerer.lower(aggregate.value) }),
      ...(aggregate.kind === "countDistinct" && { limit: aggregate.limit }),
    })),
    anomalies: plan.anomalies
      .filter((node) => node.metric === metric.name)
      .map((node) => anomalyPlan(options, node, metric)),
  };
}

const floatDimension = (metric: string, name: string): MillraceError =>
  new MillraceError(
    "UNSUPPORTED_BY_ENGINE",
    `metric ${metric}: ${name} groups by a float, which has no canonical text`,
    { field: `metric ${metric}.${name}`, hint: "quantise it at the door: declare a t.decimal" },
  );

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

function windowPlan({ window }: MetricNode): WindowPlan {
  if (window.kind === "session") return window;
  const { sizeMs } = window;
  const everyMs = window.kind === "tumbling" ? sizeMs : window.everyMs;
  return { kind: "panes", sizeMs, everyMs, paneMs: greatestDivisor(sizeMs, everyMs) };
}

function anomalyPlan(
  options: KafkaStreamsOptions,
  node: AnomalyNode,
  metric: MetricNode,
): AnomalyPlan {
  const measure = metric.measures.find(({ name }) => name === node.measure)!;
  const all = metricComponents(metric).map(({ name }) => name);
  const { name, history, threshold, floor, warmUp } = node;
  return {
    name,
    meaning: anomalyMeaning(node, metric),
    alerts: named(options, `${name}.alerts`),
    avro: alertAvro(name, options.namespace),
    metric: metric.name,
    measure: node.measure,
    components: componentsOf(measure).map((component) => all.indexOf(component.name)),
    history,
    threshold,
    floor,
    warmUp,
  };
}
