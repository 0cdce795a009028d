import { encodeRow } from "../../src/language/compile/javascript/encode-row.ts";
import { rowToValues } from "../../src/language/compile/javascript/row-to-object.ts";
import type { AlertRow } from "../../src/language/plan/alert-row.ts";
import type { MetricRow } from "../../src/language/plan/metric-row.ts";
import type { AnomalyNode } from "../../src/language/plan/nodes.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import { SLACK_MS } from "../../src/language/plan/window.ts";
import type { Layout } from "../../src/language/schema/layout.ts";
import {
  AnomalyOperator,
  historyCodec,
  type KeyHistory,
} from "../../src/process/operators/anomaly-operator.ts";
import type { Entry, EntryCodec } from "../../src/process/operators/keyed-state.ts";
import { MemoryState, type SavedEntry } from "../../src/process/operators/memory-state.ts";
import { TopicOperators } from "../../src/process/operators/topic-operators.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { readableAlert, readableRow } from "../readable.ts";

/** What the operators put out over a case's log. */
export interface EmbeddedRun {
  /** What a reader sees in the end: rows of metrics and alerts. */
  readonly rows: readonly Readable[];
  /** Window starts whose newest row is a deletion. */
  readonly deleted: readonly Readable[];
}

/** How the records of a log reach the operators. */
export interface Schedule {
  /** Records of a batch at most. */
  readonly batchRecords: number;
  /** A snapshot and a restart after every n-th batch; none: never. */
  readonly restartEvery?: number;
  /** A commit after every n-th batch; none: one at the end. */
  readonly commitEvery?: number;
  readonly order: "by partition" | "by partition, backwards" | "as received" | "in turns";
}

/** Each must give the same rows. */
export const SCHEDULES: Readonly<Record<string, Schedule>> = {
  straight: { batchRecords: 1_000, order: "by partition" },
  "record by record": { batchRecords: 1, commitEvery: 1, order: "as received" },
  "restored after every batch": { batchRecords: 2, restartEvery: 1, order: "as received" },
  "restored after every 2nd batch": { batchRecords: 2, restartEvery: 2, order: "in turns" },
  "restored after every 3rd batch": { batchRecords: 1, restartEvery: 3, order: "in turns" },
  "partitions backwards": {
    batchRecords: 3,
    commitEvery: 2,
    order: "by partition, backwards",
  },
  "partitions in turns": { batchRecords: 1, commitEvery: 4, order: "in turns" },
};

/** Runs the operators of a case over its records. */
export function runEmbedded(
  of: Case,
  records: readonly LogRecord[],
  schedule: Schedule,
): EmbeddedRun {
  const runs = of.topics.map((topic) => {
    const own = records.filter((record) => record.topic === topic.name);
    return runTopic(of, topic, own, schedule);
  });
  return {
    rows: runs.flatMap((run) => run.rows),
    deleted: runs.flatMap((run) => run.deleted),
  };
}

interface Batch {
  readonly partition: number;
  readonly lastReceivedAt: number;
  readonly rows: Uint8Array;
  /** Of the rows; a heartbeat has none. */
  readonly layout: Layout | undefined;
}

function runTopic(
  of: Case,
  topic: Topic,
  records: readonly LogRecord[],
  schedule: Schedule,
): EmbeddedRun {
  const output: Output = { rows: new Map(), alerts: [] };
  let worker = new Worker(of, topic);
  let taken = 0;
  for (const batch of arranged(records, of.partitions, schedule)) {
    worker.take(batch);
    taken++;
    const restarts = schedule.restartEvery !== undefined && taken % schedule.restartEvery === 0;
    if (restarts || (schedule.commitEvery !== undefined && taken % schedule.commitEvery === 0)) {
      worker.commit(output, taken);
    }
    if (restarts) worker = worker.restarted();
  }
  worker.commit(output, taken + 1);
  return readable(of, output);
}

/** The records in batches, cut at heartbeats and changes of layout as the log cuts them. */
function arranged(
  records: readonly LogRecord[],
  partitions: number,
  { batchRecords, order }: Schedule,
): readonly Batch[] {
  const runs = order === "as received" ? neighbours(records) : byPartition(records, partitions);
  const cut = runs.map((run) => batchesOf(run, batchRecords));
  if (order === "by partition, backwards") return cut.toReversed().flat();
  if (order !== "in turns") return cut.flat();
  const longest = Math.max(0, ...cut.map((each) => each.length));
  return Array.from({ length: longest }, (_, turn) =>
    cut.flatMap((each) => each.slice(turn, turn + 1)),
  ).flat();
}

const byPartition = (records: readonly LogRecord[], partitions: number): readonly LogRecord[][] =>
  Array.from({ length: partitions }, (_, partition) =>
    records.filter((record) => record.partition === partition),
  );

/** Runs of records of one partition, in the order of the log. */
function neighbours(records: readonly LogRecord[]): readonly LogRecord[][] {
  const runs: LogRecord[][] = [];
  for (const record of records) {
    if (runs.at(-1)?.[0]?.partition === record.partition) runs.at(-1)!.push(record);
    else runs.push([record]);
  }
  return runs;
}

function batchesOf(records: readonly LogRecord[], most: number): readonly Batch[] {
  const groups: LogRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1);
    const before = last?.[0];
    const joins =
      before?.row !== undefined &&
      before.row.layout.id === record.row?.layout.id &&
      last!.length < most;
    if (joins) last!.push(record);
    else groups.push([record]);
  }
  return groups.map((group) => ({
    partition: group[0]!.partition,
    lastReceivedAt: group.at(-1)!.receivedAt,
    rows: bytesOf(group),
    layout: group[0]!.row?.layout,
  }));
}

const bytesOf = (group: readonly LogRecord[]): Uint8Array =>
  new Uint8Array(Buffer.concat(group.flatMap(({ row }) => (row === undefined ? [] : [row.bytes]))));

interface Output {
  readonly rows: Map<string, MetricRow[]>;
  readonly alerts: AlertRow[];
}

interface Kept {
  readonly save: () => SavedEntry[];
  readonly load: (saved: readonly SavedEntry[]) => void;
  readonly settle: () => void;
}

/** The operators of one topic over states in memory. */
class Worker {
  readonly #case: Case;
  readonly #topic: Topic;
  readonly #states: Kept[] = [];
  readonly #alertStates: Kept[] = [];
  readonly #operators: TopicOperators;
  readonly #anomalies: AnomalyOperator[];

  constructor(of: Case, topic: Topic) {
    this.#case = of;
    this.#topic = topic;
    const metrics = of.plan.metrics
      .filter((metric) => metric.from === topic.name)
      .map((metric) => ({
        metric,
        sinceMs: -Infinity,
        stateFor: <E extends Entry>(codec: EntryCodec<E>) => keep(this.#states, codec),
      }));
    this.#operators = new TopicOperators(topic, of.partitions, metrics, SLACK_MS);
    this.#anomalies = of.plan.anomalies.flatMap((node: AnomalyNode) => {
      const found = metrics.find(({ metric }) => metric.name === node.metric);
      if (found === undefined) return [];
      const state = keep<KeyHistory>(this.#alertStates, historyCodec);
      return [new AnomalyOperator(node, found.metric, state)];
    });
  }

  take(batch: Batch): void {
    this.#operators.onBatch(batch, batch.layout);
  }

  commit(into: Output, version: number): void {
    for (const operator of this.#operators.operators) {
      const { name } = operator.metric;
      const rows = operator.emit(version);
      into.rows.set(name, [...(into.rows.get(name) ?? []), ...rows]);
      for (const anomaly of this.#anomalies) {
        if (anomaly.node.metric === name) into.alerts.push(...anomaly.take(rows));
      }
    }
    for (const state of [...this.#states, ...this.#alertStates]) state.settle();
  }

  /** Another worker, from nothing but what this one would have stored. */
  restarted(): Worker {
    const saved = JSON.stringify({
      progress: this.#operators.progress.snapshot(),
      own: this.#operators.operators.map((operator) => operator.snapshot()),
      states: this.#states.map((state) => state.save()),
      alertStates: this.#alertStates.map((state) => state.save()),
    });
    const { progress, own, states, alertStates } = JSON.parse(saved) as {
      progress: (number | null)[];
      own: null[];
      states: SavedEntry[][];
      alertStates: SavedEntry[][];
    };
    const next = new Worker(this.#case, this.#topic);
    next.#operators.progress.restore(progress);
    for (const [at, operator] of next.#operators.operators.entries()) operator.restore(own[at]!);
    for (const [at, state] of next.#states.entries()) state.load(states[at]!);
    for (const [at, state] of next.#alertStates.entries()) state.load(alertStates[at]!);
    return next;
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

/** The newest row of each (key, start), deletions told apart, and the alerts. */
function readable(of: Case, { rows, alerts }: Output): EmbeddedRun {
  const shown: Readable[] = [];
  const deleted: Readable[] = [];
  for (const [name, all] of rows) {
    const metric = of.plan.metrics.find((each) => each.name === name)!;
    const newest = new Map(all.map((row) => [`${row.windowStart} ${row.key}`, row]));
    for (const row of newest.values()) {
      const { key, window_start, ...rest } = readableRow(metric, row);
      if (row.op === "delete") deleted.push({ metric: name, key, window_start, op: "delete" });
      else shown.push({ key, window_start, ...rest });
    }
  }
  return { rows: [...shown, ...alerts.map(readableAlert)], deleted };
}

/** The log with the progress of time alone: what it was when nobody sent anything. */
export const withoutEvents = (records: readonly LogRecord[]): readonly LogRecord[] =>
  records.map(({ row: _, ...place }) => place);

/**
 * The log after the erasure of a subject that isn't in it: every row read, looked at and written
 * anew, as an erasure does.
 */
export function eraseNobody(of: Case, records: readonly LogRecord[]): readonly LogRecord[] {
  const subjects = new Map(
    of.topics.map(({ name, leaves }) => [name, leaves.filter((leaf) => leaf.subject)]),
  );
  return records.flatMap((record): readonly LogRecord[] => {
    if (record.row === undefined) return [record];
    const { layout, bytes } = record.row;
    const { values } = rowToValues(layout, bytes, 0);
    const named = new Map(layout.columns.map((column, at) => [column.name, values[at]!]));
    if (subjects.get(record.topic)!.some(({ path }) => named.get(path) === NOBODY)) return [];
    return [{ ...record, row: { layout, values: named, bytes: encodeRow(layout, values) } }];
  });
}

/** A subject that no case has. */
export const NOBODY = "nobody-at-all";
