import { manualClock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { parseTime } from "../../ingest/scan/parse-time.ts";
import { jsonOf, rowToValues } from "../../language/compile/javascript/row-to-object.ts";
import type { AlertRow } from "../../language/plan/alert-row.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import { dimensionTypes } from "../../language/plan/metric-row.ts";
import type { MetricNode, Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import { SLACK_MS } from "../../language/plan/window.ts";
import { AnomalyOperator } from "../../process/operators/anomaly-operator.ts";
import { MemoryState } from "../../process/operators/memory-state.ts";
import { TopicOperators } from "../../process/operators/topic-operators.ts";
import { jsonValue, measureValues, type JsonValue } from "../../serve/metrics/metric-value.ts";
import type { GivenDocument } from "./given.ts";
import { resultRow, type ResultRow } from "./result-row.ts";
import { TestDoor } from "./test-door.ts";
import type { TestBatch } from "./test-log.ts";

/** How long after its time a document comes in, unless it says. */
const DELAY_MS = 1_000;
const DAY_MS = 86_400_000;
/** 2000-01-01: when documents come in that have no time and follow none that has. */
const START_MS = 946_684_800_000;

/**
 * Takes documents through the whole door (decode, validate, clean, derive, rules, deduplication,
 * streams) and the metrics' operators, each at its received time, and closes every window at the
 * end. Nothing is stored and no server or engine runs.
 */
export async function runDocuments(
  plan: Plan,
  documents: readonly GivenDocument[],
): Promise<readonly ResultRow[]> {
  const topics = topicsOf(plan);
  const clock = manualClock(START_MS);
  const door = new TestDoor(plan, topics, clock);
  const streams = new Map(topics.map((topic) => [topic.name, new TestStream(plan, topic)]));
  const outcomes: ResultRow[] = [];
  for (const [index, document] of documents.entries()) {
    clock.set(arrivalOf(document, plan, index === 0 ? undefined : clock.nowMs()));
    const posted = await door.post(document);
    for (const batch of posted.batches) streams.get(batch.topic)!.take(batch);
    outcomes.push(...posted.outcomes);
  }
  const broken = door.brokenRules();
  const rules = plan.rules.map(({ name }) =>
    resultRow("rule", name, { broken: broken[name] ?? 0 }, []),
  );
  return [...outcomes, ...rules, ...[...streams.values()].flatMap((stream) => stream.end())];
}

/**
 * When a document comes in: as it says, or a second after its time; never before the one above it.
 */
function arrivalOf(document: GivenDocument, plan: Plan, before: number | undefined): number {
  const { receivedAt, line } = document;
  if (receivedAt === undefined) {
    const time = timeOf(document, plan);
    return Math.max(time === undefined ? (before ?? START_MS) : time + DELAY_MS, before ?? 0);
  }
  if (before !== undefined && receivedAt < before) {
    throw new MillraceError("CONFIG_INVALID", `given.jsonl:${line}: @received_at goes back`, {
      field: "@received_at",
      hint: `documents come in in their order; the one above came in at ${isoOf(before)}`,
    });
  }
  return receivedAt;
}

/** The event time that a document states, where it can be read. */
function timeOf({ text, topic }: GivenDocument, plan: Plan): number | undefined {
  const nodes = plan.events.filter(({ name }) => topic === undefined || name === topic);
  const names = [...nodes.map((node) => node.time), "timestamp"];
  try {
    const document = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const found = names.map((name) => document[name]).find((value) => typeof value === "string");
    return found === undefined ? undefined : parseTime(found, "UTC");
  } catch {
    return undefined;
  }
}

/** One topic's rows, and what its metrics and anomalies make of them. */
class TestStream {
  readonly #topic: Topic;
  readonly #metrics: readonly MetricNode[];
  readonly #operators: TopicOperators;
  readonly #anomalies: readonly AnomalyOperator[];
  readonly #rows: ResultRow[] = [];
  #lastMs = 0;

  constructor(plan: Plan, topic: Topic) {
    this.#topic = topic;
    this.#metrics = plan.metrics.filter((metric) => metric.from === topic.name);
    const metrics = this.#metrics.map((metric) => ({
      metric,
      stateFor: () => new MemoryState<never>(),
      sinceMs: -Infinity,
    }));
    this.#operators = new TopicOperators(topic, 1, metrics, SLACK_MS);
    this.#anomalies = plan.anomalies.flatMap((node) => {
      const metric = this.#metrics.find((each) => each.name === node.metric);
      return metric === undefined ? [] : [new AnomalyOperator(node, metric, new MemoryState())];
    });
  }

  take({ rows, rowStarts, receivedAt }: TestBatch): void {
    this.#operators.onBatch({ partition: 0, lastReceivedAt: receivedAt, rows });
    this.#lastMs = receivedAt;
    for (const start of rowStarts) this.#rows.push(this.#stored(rows, start));
  }

  /** Closes all windows; gives everything. */
  end(): ResultRow[] {
    const longest = Math.max(0, ...this.#metrics.map(openFor));
    const lastReceivedAt = this.#lastMs + longest + 2 * DAY_MS;
    this.#operators.onBatch({ partition: 0, rows: new Uint8Array(0), lastReceivedAt });
    const results = [...this.#rows];
    for (const operator of this.#operators.operators) {
      const rows = operator.emit(1);
      results.push(
        ...rows.filter(({ op }) => op === "upsert").map((row) => metricRow(operator.metric, row)),
      );
      for (const anomaly of this.#anomalies) {
        if (anomaly.node.metric !== operator.metric.name) continue;
        results.push(...anomaly.take(rows).map((alert) => alertRow(operator.metric, alert)));
      }
    }
    return results;
  }

  #stored(rows: Uint8Array, start: number): ResultRow {
    const { layout, name, id } = this.#topic;
    const { values } = rowToValues(layout, rows, start);
    const columns = layout.columns.map((column, at): [string, JsonValue] => {
      const value = values[at]!;
      return [column.name, value === null ? null : textOf(jsonOf(column, value))];
    });
    return resultRow("topic", name, Object.fromEntries(columns), [id]);
  }
}

/** A column as one value: what is undeclared is JSON of any shape, compared as text. */
const textOf = (value: unknown): JsonValue =>
  typeof value === "object" ? JSON.stringify(value) : (value as JsonValue);

const openFor = ({ window, graceMs }: MetricNode): number =>
  graceMs + SLACK_MS + (window.kind === "session" ? window.gapMs : window.sizeMs);

const isoOf = (ms: number): string => new Date(ms).toISOString();

const dimensionsOf = (
  metric: MetricNode,
  dimensions: MetricRow["dimensions"],
): Record<string, JsonValue> => {
  const types = dimensionTypes(metric.by);
  return Object.fromEntries(
    metric.by.map(({ name }, at) => [name, jsonValue(dimensions[at] ?? null, types[at]!)]),
  );
};

function metricRow(metric: MetricNode, row: MetricRow): ResultRow {
  const values = measureValues(metric.measures, row.components);
  const columns = {
    window_start: isoOf(row.windowStart),
    window_end: isoOf(row.windowEnd),
    ...dimensionsOf(metric, row.dimensions),
    ...Object.fromEntries(metric.measures.map(({ name }, at) => [name, values[at]!])),
    ...(row.latePending > 0 && { late_pending: row.latePending }),
    ...(row.incomplete && { incomplete: true }),
  };
  const identity = ["window_start", ...metric.by.map(({ name }) => name)];
  return resultRow("metric", metric.name, columns, identity);
}

function alertRow(metric: MetricNode, alert: AlertRow): ResultRow {
  const columns = {
    window_start: isoOf(alert.windowStart),
    ...dimensionsOf(metric, alert.dimensions),
    value: alert.value,
    median: alert.median,
    score: Math.round(alert.score * 100) / 100,
  };
  const identity = ["window_start", ...metric.by.map(({ name }) => name)];
  return resultRow("anomaly", alert.anomaly, columns, identity);
}
