import type { MetricNode, Plan } from "./nodes.ts";

/** The engines of a cluster that metrics run on. */
export const STREAM_ENGINES = ["kafka-streams", "flink"] as const;

/** One of them. */
export type StreamEngine = (typeof STREAM_ENGINES)[number];

/** Where a metric runs that doesn't say: Kafka Streams shows open windows, Flink closed ones only. */
const DEFAULT_ENGINE: StreamEngine = "kafka-streams";

/** The engine of a cluster that computes a metric, and the anomalies that watch it. */
export const engineOf = ({ engine = DEFAULT_ENGINE }: MetricNode): StreamEngine => engine;

/** A plan without what other engines than this one compute. */
export function planFor(engine: StreamEngine, plan: Plan): Plan {
  const metrics = plan.metrics.filter((metric) => engineOf(metric) === engine);
  const names = new Set(metrics.map(({ name }) => name));
  return { ...plan, metrics, anomalies: plan.anomalies.filter(({ metric }) => names.has(metric)) };
}
