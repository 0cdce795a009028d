import { ALERT_FIELDS, alertAvro } from "../avro/alert-avro.ts";
import { metricAvro, metricFields } from "../avro/metric-avro.ts";
import { avroName, type AvroSchema } from "../avro/topic-avro.ts";
import type { Plan } from "../../plan/nodes.ts";
import { topicsOf, type Topic } from "../../plan/topic.ts";
import { anomalyInsert, functionStatements } from "./anomaly-insert.ts";
import { columnSql, sinkType } from "./column-type.ts";
import { FLINK, quoteText } from "./dialect.ts";
import { kafkaTable, type FlinkPlace } from "./kafka-table.ts";
import { metricInsert } from "./metric-insert.ts";
import { sourceTable } from "./source-table.ts";

/** How a job is run. */
export interface FlinkOptions extends FlinkPlace {
  /** Goes before every topic's name, with a dot. */
  readonly prefix?: string;
  /** Which metrics; default: all. */
  readonly metrics?: readonly string[];
  /** The consumer group, and what transactions' ids begin with: one for each job. */
  readonly job: string;
  /** Windows that start before it have no rows, ms: what they are made of isn't all there. */
  readonly sinceMs?: number;
  /** Sources run on so many tasks; at most as many as their topics have partitions. */
  readonly sourceParallelism?: number;
  /** Where the gateway finds `flink-functions.jar`, a URL; without it no anomaly is watched. */
  readonly functionsJar?: string;
  /** Further options of the sources' tables. */
  readonly sourceOptions?: Readonly<Record<string, string>>;
  /** How long a transaction may stay open, ms; at most what the brokers allow. */
  readonly transactionTimeoutMs?: number;
}

/** What a job of Flink consists of. */
export interface FlinkStatements {
  /** Tables and views, in order. */
  readonly tables: readonly string[];
  /** One `INSERT` a metric; together they are a statement set. */
  readonly inserts: readonly string[];
}

/** Settings of a session that deploys a job; the checkpoints' interval is the deployment's. */
export const FLINK_SETTINGS: Readonly<Record<string, string>> = {
  "execution.runtime-mode": "streaming",
  "table.local-time-zone": "UTC",
  "execution.checkpointing.mode": "EXACTLY_ONCE",
  // A partition without news holds every window of its topic open.
  "table.exec.source.idle-timeout": "0",
};

/** Kafka's brokers allow 15 minutes by default; Flink's own default is an hour. */
const TRANSACTION_TIMEOUT_MS = 900_000;
/** The namespace of all schemas. */
const NAMESPACE = "millrace";

/** The tables and statements that compute a plan's metrics. Throws `UNSUPPORTED_BY_ENGINE`. */
export function flinkStatements(plan: Plan, options: FlinkOptions): FlinkStatements {
  const topics = topicsOf(plan);
  const wanted = plan.metrics.filter(({ name }) => options.metrics?.includes(name) ?? true);
  const name = (topic: string): string =>
    options.prefix === undefined ? topic : `${options.prefix}.${topic}`;
  const bySource = Map.groupBy(wanted, ({ from }) => from);
  const sources = [...bySource].map(([from, metrics]) =>
    sourceTable(name(from), topicNamed(topics, from), metrics, options, {
      "properties.group.id": options.job,
      ...(options.sourceParallelism !== undefined && {
        "scan.parallelism": String(options.sourceParallelism),
      }),
      ...options.sourceOptions,
    }),
  );
  const metrics = wanted.map((metric) => {
    const sink = name(`${metric.name}.rows`);
    const names = { source: name(metric.from), events: name(`${metric.name}.events`), sink };
    const own = metricInsert(metric, topicNamed(topics, metric.from), names, options.sinceMs);
    const schema = metricAvro(metric, NAMESPACE);
    const tables = [own.view, sinkTable(sink, metricFields(metric), schema, options)];
    return { metric, tables, closed: own.closed, insert: own.insert };
  });
  const { functionsJar } = options;
  const watched = functionsJar === undefined ? [] : plan.anomalies;
  const anomalies = watched.flatMap((anomaly) => {
    const of = metrics.find(({ metric }) => metric.name === anomaly.metric);
    if (of === undefined) return [];
    const sink = name(`${anomaly.name}.alerts`);
    const names = { values: name(`${anomaly.name}.values`), sink };
    const { view, insert } = anomalyInsert(anomaly, of.metric, of.closed, names);
    const schema = alertAvro(anomaly.name, NAMESPACE);
    return [{ tables: [view, sinkTable(sink, ALERT_FIELDS, schema, options)], insert }];
  });
  const all = [...metrics, ...anomalies];
  return {
    tables: [
      ...(anomalies.length === 0 ? [] : functionStatements(functionsJar!)),
      ...sources,
      ...all.flatMap(({ tables }) => tables),
    ],
    inserts: all.map(({ insert }) => insert),
  };
}

/** Statements as one that is submitted as one job. */
export const statementSet = (inserts: readonly string[]): string =>
  `EXECUTE STATEMENT SET\nBEGIN\n${inserts.map((insert) => `${insert};\n`).join("\n")}END`;

/** A topic of rows or alerts, with exactly the schema that Millrace registers. */
function sinkTable(
  name: string,
  fields: ReturnType<typeof metricFields>,
  schema: AvroSchema,
  options: FlinkOptions,
): string {
  const columns = fields.map((field) =>
    columnSql(avroName(field.name), sinkType(field.type), field.nullable),
  );
  return kafkaTable(
    name,
    columns,
    {
      "key.format": "raw",
      "key.fields": "key",
      "sink.delivery-guarantee": "exactly-once",
      "sink.transactional-id-prefix": `${options.job}-${name}`,
      "properties.transaction.timeout.ms": String(
        options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS,
      ),
      "value.avro-confluent.schema": JSON.stringify(schema),
      "value.avro-confluent.subject": `${name}-value`,
    },
    options,
  );
}

/** What `millrace compile --to flink` prints: the addresses stand for those of a deployment. */
export function flinkText(plan: Plan): string {
  const { tables, inserts } = flinkStatements(plan, {
    bootstrap: ["kafka:9092"],
    registryUrl: "http://registry:8081",
    job: plan.name,
    functionsJar: "file:///flink-functions.jar",
  });
  const settings = Object.entries(FLINK_SETTINGS).map(
    ([option, value]) => `SET ${quoteText(option)} = ${quoteText(value)}`,
  );
  const jobs = inserts.length === 0 ? [] : [statementSet(inserts)];
  return [...settings, ...tables, ...jobs].map((sql) => `${sql};\n`).join("\n");
}

/** The topic of a name; a plan that was checked has all that its nodes name. */
function topicNamed(topics: readonly Topic[], name: string): Topic {
  const topic = topics.find((each) => each.name === name);
  if (topic === undefined) throw FLINK.unsupported(name, "the plan has no topic of this name");
  return topic;
}
