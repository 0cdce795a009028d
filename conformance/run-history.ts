import assert from "node:assert/strict";
import {
  AnomalyOperator,
  historyCodec,
  type KeyHistory,
} from "../src/process/operators/anomaly-operator.ts";
import type { Entry, EntryCodec } from "../src/process/operators/keyed-state.ts";
import { MemoryState, type SavedEntry } from "../src/process/operators/memory-state.ts";
import { TopicOperators } from "../src/process/operators/topic-operators.ts";
import type { AlertRow } from "../src/language/plan/alert-row.ts";
import type { MetricRow } from "../src/language/plan/metric-row.ts";
import { alertText, oracleAlerts } from "./oracle/alerts.ts";
import { oracleRows, type OracleRow } from "./oracle/oracle.ts";
import { plan, SMALL_SLACK_MS, topic, type History, type Step } from "./history.ts";

/** What a run put out, per metric, and its alerts. */
export interface Output {
  readonly rows: ReadonlyMap<string, MetricRow[]>;
  readonly alerts: AlertRow[];
}

/** Everything that a stream worker would keep. */
interface Snapshot {
  readonly progress: (number | null)[];
  readonly operators: { readonly own: unknown; readonly entries: SavedEntry[] }[];
  readonly anomalies: SavedEntry[][];
}

interface Kept {
  readonly save: () => SavedEntry[];
  readonly load: (saved: readonly SavedEntry[]) => void;
  readonly settle: () => void;
}

/** A stream worker without a log: operators over states in memory. */
class Replay {
  readonly #states: Kept[] = [];
  readonly #anomalyStates: Kept[] = [];
  readonly #operators: TopicOperators;
  readonly #anomalies: AnomalyOperator[];

  constructor(partitions: number) {
    const metrics = plan.metrics.map((metric) => ({
      metric,
      sinceMs: -Infinity,
      stateFor: <E extends Entry>(codec: EntryCodec<E>) => keep(this.#states, codec),
    }));
    this.#operators = new TopicOperators(topic, partitions, metrics, SMALL_SLACK_MS);
    this.#anomalies = plan.anomalies.map((node) => {
      const metric = plan.metrics.find((each) => each.name === node.metric)!;
      const state = keep<KeyHistory>(this.#anomalyStates, historyCodec);
      return new AnomalyOperator(node, metric, state);
    });
  }

  take(partition: number, steps: readonly Step[]): void {
    const rows = Buffer.concat(steps.flatMap((step) => (step.row === undefined ? [] : [step.row])));
    const lastReceivedAt = Math.max(...steps.map((step) => step.receivedAt));
    this.#operators.onBatch({ partition, rows, lastReceivedAt });
  }

  commit(into: Output, version: number): void {
    for (const operator of this.#operators.operators) {
      const rows = operator.emit(version);
      into.rows.get(operator.metric.name)!.push(...rows);
      for (const anomaly of this.#anomalies) {
        if (anomaly.node.metric === operator.metric.name) into.alerts.push(...anomaly.take(rows));
      }
    }
    for (const state of [...this.#states, ...this.#anomalyStates]) state.settle();
  }

  snapshot(): Snapshot {
    return structuredClone({
      progress: this.#operators.progress.snapshot(),
      operators: this.#operators.operators.map((operator, index) => ({
        own: operator.snapshot(),
        entries: this.#states[index]!.save(),
      })),
      anomalies: this.#anomalyStates.map((state) => state.save()),
    });
  }

  restore(saved: Snapshot): void {
    this.#operators.progress.restore(saved.progress);
    for (const [index, { own, entries }] of saved.operators.entries()) {
      this.#operators.operators[index]!.restore(own as null);
      this.#states[index]!.load(entries);
    }
    for (const [index, entries] of saved.anomalies.entries()) {
      this.#anomalyStates[index]!.load(entries);
    }
  }
}

function keep<E extends Entry>(into: Kept[], codec: EntryCodec<E>): MemoryState<E> {
  const state = new MemoryState<E>();
  into.push({
    save: () => state.snapshot(codec),
    load: (saved) => state.restore(saved, codec),
    settle: () => state.settle(),
  });
  return state;
}

const emptyOutput = (): Output => ({
  rows: new Map(plan.metrics.map((metric) => [metric.name, []])),
  alerts: [],
});

/** Each partition as one batch after the other, one commit. */
function straight({ partitions, steps }: History): Output {
  const output = emptyOutput();
  const replay = new Replay(partitions);
  for (let partition = 0; partition < partitions; partition++) {
    const own = steps.filter((step) => step.partition === partition);
    if (own.length > 0) replay.take(partition, own);
  }
  replay.commit(output, steps.length);
  return output;
}

/** Record after record in the order of the log, a commit after each. */
function stepwise({ partitions, steps }: History): Output {
  const output = emptyOutput();
  const replay = new Replay(partitions);
  for (const [index, step] of steps.entries()) {
    replay.take(step.partition, [step]);
    replay.commit(output, index + 1);
  }
  return output;
}

/** Cut and interleaved by the history's own numbers, restarted from a snapshot now and then. */
function restarted({ partitions, steps, cuts }: History): Output {
  const output = emptyOutput();
  let replay = new Replay(partitions);
  const queues = Array.from({ length: partitions }, (_, partition) =>
    steps.filter((step) => step.partition === partition),
  );
  let taken = 0;
  for (let turn = 0; taken < steps.length; turn++) {
    const cut = cuts[turn % cuts.length]! + turn * 7;
    const waiting = queues.flatMap((queue, index) => (queue.length > 0 ? [index] : []));
    const partition = waiting[cut % waiting.length]!;
    const batch = queues[partition]!.splice(0, 1 + (cut % 5));
    replay.take(partition, batch);
    taken += batch.length;
    if (cut % 3 !== 0) continue;
    replay.commit(output, taken);
    if (cut % 2 === 0) continue;
    const saved = replay.snapshot();
    replay = new Replay(partitions);
    replay.restore(saved);
  }
  replay.commit(output, taken);
  return output;
}

export const runs = { straight, stepwise, restarted };

const toOracleRow = (row: MetricRow): OracleRow => ({
  key: row.key,
  dimensions: row.dimensions,
  windowStart: row.windowStart,
  windowEnd: row.windowEnd,
  components: row.components,
  incomplete: row.incomplete,
  closed: row.closed,
  latePending: row.latePending,
});

/** What a reader sees in the end: the newest row of each (key, start), deletions taken away. */
export function tableOf({ rows, alerts }: Output) {
  const metrics = [...rows].map(([name, all]) => {
    const newest = new Map<string, MetricRow>();
    for (const row of all) newest.set(`${row.windowStart} ${row.key}`, row);
    const shown = [...newest.values()]
      .filter((row) => row.op === "upsert")
      .map(toOracleRow)
      .toSorted((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1));
    return [name, shown] as const;
  });
  const said = alerts
    .map((each) => alertText(each.anomaly, each.key, each.windowStart, each.value, each.score))
    .toSorted();
  assert.equal(new Set(alerts.map((each) => each.id)).size, alerts.length);
  return { metrics: Object.fromEntries(metrics), alerts: said };
}

/** The same from the oracle. */
export function oracleOf(history: History) {
  const records = history.steps.flatMap((step) => (step.record === undefined ? [] : [step.record]));
  const greatest = Array.from({ length: history.partitions }, (_, partition) =>
    Math.max(
      ...history.steps.filter((each) => each.partition === partition).map((s) => s.receivedAt),
    ),
  );
  const input = {
    records,
    time: topic.time,
    progress: Math.min(...greatest),
    slackMs: SMALL_SLACK_MS,
  };
  const metrics = plan.metrics.map((metric) => [metric.name, oracleRows(metric, input)] as const);
  const alerts = plan.anomalies
    .flatMap((node) => {
      const metric = plan.metrics.find((each) => each.name === node.metric)!;
      const rows = metrics.find(([name]) => name === node.metric)![1];
      return oracleAlerts(node, metric, rows);
    })
    .toSorted();
  return { metrics: Object.fromEntries(metrics), alerts };
}
