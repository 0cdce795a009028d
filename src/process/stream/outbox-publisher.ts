import type { AnomalyNode, MetricNode, Plan } from "../../language/plan/nodes.ts";
import type { OutboxMessage, StateStore } from "../../storage/state/state.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import { decodeAlerts, decodeMetricRows } from "./metric-row-codec.ts";
import type { MetricSink } from "./metric-sink.ts";
import { anomalyOperatorName, metricOperatorName } from "./stored-operators.ts";

/** Messages that are read at once. */
const MESSAGES_MAX = 16;

/** Messages that are looked at for rows that wait. */
const WAITING_MAX = 256;

type Publish = (text: string, token: string) => Promise<void>;

/** Publishes the outbox in its order; a message leaves it when the sink has it. */
export class OutboxPublisher {
  readonly #store: StateStore;
  readonly #targets: ReadonlyMap<string, Publish>;

  constructor(plan: Plan, store: StateStore, sink: MetricSink) {
    this.#store = store;
    const metricOf = (node: AnomalyNode): MetricNode =>
      plan.metrics.find((metric) => metric.name === node.metric)!;
    this.#targets = new Map<string, Publish>([
      ...plan.metrics.map((metric): [string, Publish] => [
        metricOperatorName(metric),
        (text, token) => sink.publish(metric, decodeMetricRows(metric, text), token),
      ]),
      ...plan.anomalies.map((node): [string, Publish] => [
        anomalyOperatorName(node, metricOf(node)),
        (text, token) => sink.publishAlerts(decodeAlerts(metricOf(node), text), token),
      ]),
    ]);
  }

  /** Empties the outbox; gives how many messages were published. */
  async publish(): Promise<number> {
    let n = 0;
    for (;;) {
      const messages = this.#store.outbox(MESSAGES_MAX);
      if (messages.length === 0) return n;
      for (const message of messages) {
        await this.#one(message);
        this.#store.published(message.id);
        n++;
      }
    }
  }

  /** Rows of a metric that wait to be published, the oldest first. */
  waiting(metric: MetricNode): MetricRow[] {
    const target = metricOperatorName(metric);
    return this.#store
      .outbox(WAITING_MAX)
      .filter((message) => message.target === target)
      .flatMap(({ text }) => decodeMetricRows(metric, text));
  }

  /** Rows of a meaning that the plan no longer has are for tables that nobody reads: they go. */
  async #one({ id, target, text }: OutboxMessage): Promise<void> {
    await this.#targets.get(target)?.(text, `stream-${this.#store.epoch}-${id}`);
  }
}
