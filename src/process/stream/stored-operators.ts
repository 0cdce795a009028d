import type { Json } from "../../core/canonical-json.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { AlertRow } from "../../language/plan/alert-row.ts";
import type { AnomalyNode, MetricNode, Plan } from "../../language/plan/nodes.ts";
import { anomalyMeaning, metricMeaning } from "../../language/plan/plan-json.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { AnomalyOperator, historyCodec, type KeyHistory } from "../operators/anomaly-operator.ts";
import type { Entry, EntryCodec } from "../operators/keyed-state.ts";
import type { MetricOperator } from "../operators/metric-operator.ts";
import { TopicOperators } from "../operators/topic-operators.ts";
import type {
  OperatorChange,
  OutboxMessage,
  StateStore,
  StoredOperator,
} from "../../storage/state/state.ts";
import { encodeAlerts, encodeMetricRows } from "./metric-row-codec.ts";
import { SpillingState } from "./spilling-state.ts";

/** Rows of one message of the outbox. */
const MESSAGE_ROWS_MAX = 5_000;

/** Name of a metric's operator in the store: another meaning is another operator. */
export const metricOperatorName = (metric: MetricNode): string =>
  `metric ${metric.name} ${metricMeaning(metric)}`;

/** Name of an anomaly's operator in the store. */
export const anomalyOperatorName = (node: AnomalyNode, metric: MetricNode): string =>
  `anomaly ${node.name} ${anomalyMeaning(node, metric)}`;

/** What a changed state can do, whatever its entries are. */
type AnyState = Pick<SpillingState<Entry>, "dirtyCount" | "change" | "settle">;

interface Kept {
  readonly stored: StoredOperator;
  state: AnyState;
}

interface KeptAnomaly extends Kept {
  readonly operator: AnomalyOperator;
}

/** What one commit of a topic's operators puts out. */
export interface OperatorOutput {
  readonly changes: readonly OperatorChange[];
  readonly outbox: readonly Omit<OutboxMessage, "id">[];
  readonly rows: number;
  readonly alerts: number;
}

export interface StoredOperatorsOptions {
  readonly plan: Plan;
  readonly topic: Topic;
  readonly partitions: number;
  readonly store: StateStore;
  readonly entriesMax: number;
  /** The `since` of an operator that isn't in the store yet, ms; null: it sees everything. */
  readonly newSinceMs: number | null;
  readonly slackMs: number;
}

/** The operators of one topic, their anomalies, and the store that keeps their state. */
export class StoredOperators {
  readonly topic: Topic;
  readonly operators: TopicOperators;
  readonly #kept: readonly Kept[];
  readonly #anomalies: readonly KeptAnomaly[];

  constructor(options: StoredOperatorsOptions) {
    const { plan, topic, partitions, store, entriesMax, newSinceMs, slackMs } = options;
    this.topic = topic;
    const known = new Map(store.operators().map((each) => [each.name, each]));
    const stored = (name: string): StoredOperator =>
      known.get(name) ?? store.addOperator(name, newSinceMs);
    const metrics = plan.metrics.filter((metric) => metric.from === topic.name);
    const kept: Kept[] = [];
    this.operators = new TopicOperators(
      topic,
      partitions,
      metrics.map((metric) => {
        const operator = stored(metricOperatorName(metric));
        return {
          metric,
          sinceMs: operator.sinceMs ?? -Infinity,
          stateFor: <E extends Entry>(codec: EntryCodec<E>): SpillingState<E> => {
            const state = new SpillingState(store, operator.id, codec, entriesMax);
            kept.push({ stored: operator, state });
            return state;
          },
        };
      }),
      slackMs,
    );
    this.#kept = kept;
    for (const [index, operator] of this.operators.operators.entries()) {
      operator.restore(JSON.parse(kept[index]!.stored.own) as Json);
    }
    this.#anomalies = plan.anomalies.flatMap((node) => {
      const metric = metrics.find((each) => each.name === node.metric);
      if (metric === undefined) return [];
      const operator = stored(anomalyOperatorName(node, metric));
      const state = new SpillingState<KeyHistory>(store, operator.id, historyCodec, entriesMax);
      return [{ stored: operator, state, operator: new AnomalyOperator(node, metric, state) }];
    });
    const progress = store.progress(topic.name);
    if (progress !== undefined) {
      this.operators.progress.restore(JSON.parse(progress) as (number | null)[]);
    }
  }

  /** Entries that only a commit makes fit to leave memory; the most of any operator. */
  get dirtyMost(): number {
    return [...this.#kept, ...this.#anomalies].reduce(
      (most, { state }) => Math.max(most, state.dirtyCount),
      0,
    );
  }

  operator(metric: string): MetricOperator | undefined {
    return this.operators.operators.find((each) => each.metric.name === metric);
  }

  sinceMs(metric: MetricNode): number | undefined {
    const name = metricOperatorName(metric);
    const kept = this.#kept.find((each) => each.stored.name === name);
    return kept === undefined ? undefined : (kept.stored.sinceMs ?? -Infinity);
  }

  /** What changed since the last commit; to be stored, then settled. */
  emit(version: number): OperatorOutput {
    const changes: OperatorChange[] = [];
    const outbox: Omit<OutboxMessage, "id">[] = [];
    let rowsOut = 0;
    let alertsOut = 0;
    for (const [index, operator] of this.operators.operators.entries()) {
      const rows = operator.emit(version);
      rowsOut += rows.length;
      const { stored, state } = this.#kept[index]!;
      changes.push(state.change(JSON.stringify(operator.snapshot())));
      outbox.push(...rowMessages(stored.name, rows));
      for (const anomaly of this.#anomalies) {
        if (anomaly.operator.node.metric !== operator.metric.name) continue;
        const alerts = anomaly.operator.take(rows);
        alertsOut += alerts.length;
        changes.push(anomaly.state.change("null"));
        outbox.push(...alertMessages(anomaly.stored.name, alerts));
      }
    }
    return { changes, outbox, rows: rowsOut, alerts: alertsOut };
  }

  /** The commit of `emit` is done. */
  settle(): void {
    for (const { state } of [...this.#kept, ...this.#anomalies]) state.settle();
  }
}

function rowMessages(target: string, rows: readonly MetricRow[]): Omit<OutboxMessage, "id">[] {
  const messages: Omit<OutboxMessage, "id">[] = [];
  for (let at = 0; at < rows.length; at += MESSAGE_ROWS_MAX) {
    messages.push({ target, text: encodeMetricRows(rows.slice(at, at + MESSAGE_ROWS_MAX)) });
  }
  return messages;
}

const alertMessages = (target: string, alerts: readonly AlertRow[]): Omit<OutboxMessage, "id">[] =>
  alerts.length === 0 ? [] : [{ target, text: encodeAlerts(alerts) }];
