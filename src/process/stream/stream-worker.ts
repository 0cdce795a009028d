import type { Clock } from "../../core/clock.ts";
import { assert, MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { dimensionTypes, parseMetricKey, type MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode, Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import type { Value } from "../../language/plan/value.ts";
import { FUTURE_MS, SLACK_MS } from "../../language/plan/window.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { Batch, LogReader, PartitionEnd, ReaderPosition } from "../../storage/log/log.ts";
import type { StateStore, TouchedRecord } from "../../storage/state/state.ts";
import type { MetricSink } from "./metric-sink.ts";
import { OutboxPublisher } from "./outbox-publisher.ts";
import { anomalyOperatorName, metricOperatorName, StoredOperators } from "./stored-operators.ts";

export interface StreamWorkerOptions {
  readonly plan: Plan;
  readonly log: LogReader;
  readonly store: StateStore;
  readonly sink: MetricSink;
  readonly clock: Clock;
  /** The layout that a batch's rows are in. */
  readonly layoutOf: (topic: string, layoutId: number) => Layout;
  /** Called after each commit, with the positions that moved: for the log's retention. */
  readonly report?: (positions: readonly ReaderPosition[]) => void;
  /**
   * The longest that changes wait for a commit, ms. When it isn't given they wait a second; under
   * load longer, up to ten, so that commits don't take more than a twentieth of the time: of what
   * changes often, only the last state is stored.
   */
  readonly commitMs?: number;
  /** Events after which a commit comes at once. */
  readonly commitEvents?: number;
  /** Entries that one operator keeps in memory. */
  readonly entriesMax?: number;
  /** Bytes of rows that one step reads. */
  readonly readBytesMax?: number;
  /** How far `received_at` may run backwards; `SLACK_MS`, but in tests of small worlds. */
  readonly slackMs?: number;
}

/** What one step did. */
export interface StreamStep {
  readonly events: number;
  /** Nothing more to read, as far as is known: what comes meanwhile is worth waiting for. */
  readonly idle: boolean;
}

/** What the worker has done since its start. */
export interface StreamCounters {
  readonly events: number;
  readonly commits: number;
  readonly rows: number;
  readonly alerts: number;
  /** Wall time of operators and commits, ms. */
  readonly wallMs: number;
}

/** Which open rows are wanted. */
export interface OpenRowsQuery {
  /** Windows whose start is in `[from, to)`, ms. */
  readonly from: number;
  readonly to: number;
  /** Dimensions held to a value: index into the metric's `by`, and the value. */
  readonly only: readonly { readonly index: number; readonly value: Value }[];
  readonly limit: number;
}

const COMMIT_MS = 1_000;
const COMMIT_MS_MAX = 10_000;
/** So many times as long as a commit took, there is no other. */
const COMMIT_PAUSE = 40;
/** What comes during a commit isn't seen before its end: commits this long come sooner, shorter. */
const COMMIT_LASTS_MS_MAX = 150;
/**
 * Unless commits took more than this share of the time: of a cell that many events changed only the
 * last state is written, so that fewer and longer ones are less work.
 */
const COMMIT_SHARE_MAX = 0.06;
const COMMIT_EVENTS = 2_000_000;
/** A step reads for so long, so that batches with little in them don't cost a turn each. */
const STEP_MS = 20;

/** One partition and how far it was read. */
interface Source {
  readonly topic: StoredOperators;
  readonly partition: number;
  position: number;
}

/**
 * Runs all metrics and anomalies of a plan over the log: each row is walked once for all metrics of
 * its topic. State, positions, output and what is to be amended are stored in one commit; the
 * output is published from there. A killed worker goes on from its last commit and gives the same
 * rows.
 */
export class StreamWorker {
  readonly #options: StreamWorkerOptions;
  readonly #topics: readonly StoredOperators[];
  readonly #sources: readonly Source[];
  readonly #publisher: OutboxPublisher;
  readonly #moved = new Set<Source>();
  readonly #counters = { events: 0, commits: 0, rows: 0, alerts: 0, wallMs: 0 };
  #uncommittedEvents = 0;
  #lastCommitMs: number;
  #pauseMs = COMMIT_MS;
  /** When events were last read. */
  #lastReadMs: number;
  #ends: readonly PartitionEnd[] = [];
  /** Commits with rows to publish that may still wait; at the start nothing is known of them. */
  #unpublished = 1;
  #publishing: Promise<void> | undefined;
  /** What the sink threw; for the next step to throw. */
  #sinkFailure: { readonly error: unknown } | undefined;
  #isBroken = false;

  /** Throws `NOT_READY` while the log lacks a topic of the plan. */
  constructor(options: StreamWorkerOptions) {
    this.#options = options;
    const { plan, store, sink, clock } = options;
    this.#lastCommitMs = clock.monotonicMs();
    this.#lastReadMs = this.#lastCommitMs;
    this.#ends = options.log.ends();
    store.keepOperators([
      ...plan.metrics.map(metricOperatorName),
      ...plan.anomalies.map((node) =>
        anomalyOperatorName(
          node,
          plan.metrics.find((metric) => metric.name === node.metric)!,
        ),
      ),
    ]);
    const topics = topicsOf(plan).filter((topic) => topic.node.kind !== "table");
    this.#topics = topics.map((topic) => this.#open(topic));
    this.#sources = this.#topics.flatMap((topic) => this.#sourcesOf(topic));
    this.#publisher = new OutboxPublisher(plan, store, sink);
  }

  /**
   * One unit of work: read the partitions that are furthest behind, commit when it is time.
   * What was committed is published meanwhile; reading waits for it only when much waits. An error
   * of the sink comes through, with the next step; the step may be repeated. After an error of the
   * log or the store only a new worker can go on: every later step throws.
   */
  async step(): Promise<StreamStep> {
    assert(!this.#isBroken, "a stream worker that failed must be made anew");
    this.#throwSinkFailure();
    const publishing = this.#publish();
    await (this.#unpublished > LIMITS.unpublishedCommitsMax ? publishing : turn());
    this.#throwSinkFailure();
    const startMs = this.#options.clock.monotonicMs();
    if (this.#options.log.changed()) this.#ends = this.#options.log.ends();
    this.#isBroken = true; // until it went well: half a batch may be in the operators
    const events = this.#readUntil(startMs + STEP_MS);
    if (this.#isCommitDue()) this.#commit();
    this.#isBroken = false;
    this.#counters.wallMs += this.#options.clock.monotonicMs() - startMs;
    return { events, idle: this.#next() === undefined };
  }

  /** Commits what is read, and publishes it: before a stop, and in tests. */
  async flush(): Promise<void> {
    if (this.#moved.size > 0) this.#commit();
    while (this.#unpublished > 0) {
      await this.#publish();
      this.#throwSinkFailure();
    }
  }

  /**
   * Rows of a metric's open windows as of the last step, events not yet committed included: newer
   * than any published row. In no order. Groups that aren't in memory are left out.
   */
  openRows(metric: string, query: OpenRowsQuery): MetricRow[] {
    const topic = this.#topics.find((each) => each.operator(metric) !== undefined);
    const operator = topic?.operator(metric);
    if (topic === undefined || operator === undefined) {
      throw new MillraceError("METRIC_UNKNOWN", `no metric is named ${metric}`);
    }
    const types = dimensionTypes(operator.metric.by);
    const accept = (start: number, key: string): boolean => {
      if (start < query.from || start >= query.to) return false;
      if (query.only.length === 0) return true;
      const dimensions = parseMetricKey(types, key);
      return query.only.every(({ index, value }) => dimensions[index] === value);
    };
    const rows: MetricRow[] = [];
    if (query.limit <= 0) return rows;
    for (const row of operator.openRows(this.#version(topic), accept)) {
      rows.push(row);
      if (rows.length >= query.limit) break;
    }
    return rows;
  }

  /**
   * Rows that are committed and not yet published: of windows that have just closed these are the
   * only ones. In the order of their commits; a deletion takes back what was published before.
   */
  unpublishedRows(metric: string, query: OpenRowsQuery): MetricRow[] {
    const node = this.#options.plan.metrics.find((each) => each.name === metric);
    if (node === undefined || this.#unpublished === 0) return [];
    return this.#publisher.waiting(node).filter((row) => {
      if (row.windowStart < query.from || row.windowStart >= query.to) return false;
      return query.only.every(({ index, value }) => row.dimensions[index] === value);
    });
  }

  /** What late, imported and misplaced events touched, as of the last commit. */
  touched(): readonly TouchedRecord[] {
    return this.#options.store.touched();
  }

  clearTouched(
    records: readonly Pick<TouchedRecord, "topic" | "partition" | "hour" | "lastOffset">[],
  ): void {
    this.#options.store.clearTouched(records);
  }

  /** From when on the stream counts this meaning of a metric, ms. Infinity: it doesn't. */
  sinceMs(metric: MetricNode): number {
    const topic = this.#topics.find((each) => each.topic.name === metric.from);
    return topic?.sinceMs(metric) ?? Infinity;
  }

  /** The least, over a topic's partitions, of the greatest received time that was read, ms. */
  progress(topic: string): number {
    return (
      this.#topics.find((each) => each.topic.name === topic)?.operators.progress.least ?? -Infinity
    );
  }

  /** Next offset to read, per partition; of what is read, not of what is committed. */
  positions(): ReaderPosition[] {
    return this.#sources.map(positionOf);
  }

  counters(): StreamCounters {
    return { ...this.#counters };
  }

  #open(topic: Topic): StoredOperators {
    const { plan, store, entriesMax = LIMITS.operatorEntriesMax } = this.#options;
    const { slackMs = SLACK_MS } = this.#options;
    const partitions = this.#ends.filter((end) => end.topic === topic.name).length;
    if (partitions === 0) {
      throw new MillraceError("NOT_READY", `the log has no topic ${topic.name} yet`);
    }
    const newSinceMs = this.#sinceOf(topic);
    return new StoredOperators({
      plan,
      topic,
      partitions,
      store,
      entriesMax,
      newSinceMs,
      slackMs,
    });
  }

  /**
   * From when on an operator that begins now sees every event: an event that was read before, or
   * that the log has lost, was received by then, and its time is at most `FUTURE_MS` later.
   */
  #sinceOf(topic: Topic): number | null {
    const { store, log } = this.#options;
    const isRead = store.positions().some((each) => each.topic === topic.name && each.offset > 0);
    if (isRead) {
      const progress = JSON.parse(store.progress(topic.name) ?? "[]") as (number | null)[];
      return Math.max(...progress.map((each) => each ?? -Infinity)) + FUTURE_MS + 1;
    }
    const trimmed = this.#ends.filter((end) => end.topic === topic.name && end.start > 0);
    if (trimmed.length === 0) return null;
    const received = trimmed.map(({ partition, start }) => {
      const [first] = log.read({ topic: topic.name, partition, from: start, bytesMax: 1 });
      return first?.lastReceivedAt ?? log.progress(topic.name)[partition] ?? -Infinity;
    });
    return Math.max(...received) + FUTURE_MS + 1;
  }

  #sourcesOf(topic: StoredOperators): Source[] {
    const { name } = topic.topic;
    const known = this.#options.store.positions().filter((each) => each.topic === name);
    return this.#ends
      .filter((end) => end.topic === name)
      .map(({ partition, start }) => {
        const position = known.find((each) => each.partition === partition)?.offset ?? start;
        return { topic, partition, position };
      });
  }

  /** The partition with something to read that is furthest behind in received time. */
  #next(): Source | undefined {
    let next: Source | undefined;
    let least = Infinity;
    for (const source of this.#sources) {
      const { topic, partition, position } = source;
      const end = this.#ends.find(
        (each) => each.topic === topic.topic.name && each.partition === partition,
      );
      if (end === undefined || end.end <= position) continue;
      const progress = topic.operators.progress.of(partition);
      if (next === undefined || progress < least) {
        next = source;
        least = progress;
      }
    }
    return next;
  }

  /** Reads at least once, if there is anything, and no more once a commit is due. */
  #readUntil(endMs: number): number {
    let events = 0;
    for (;;) {
      const source = this.#next();
      if (source === undefined) return events;
      events += this.#read(source);
      if (this.#options.clock.monotonicMs() >= endMs || this.#isCommitDue()) return events;
    }
  }

  #read(source: Source): number {
    const { log, readBytesMax = LIMITS.streamReadBytesMax } = this.#options;
    const { partition, position: from } = source;
    const topic = source.topic.topic.name;
    let events = 0;
    for (const batch of log.read({ topic, partition, from, bytesMax: readBytesMax })) {
      assert(batch.baseOffset === source.position, `${topic}: a batch begins at its position`);
      this.#take(source, batch);
      events += batch.count;
    }
    if (events > 0) this.#lastReadMs = this.#options.clock.monotonicMs();
    this.#uncommittedEvents += events;
    this.#counters.events += events;
    return events;
  }

  #take(source: Source, batch: Batch): void {
    const { operators, topic } = source.topic;
    if (batch.kind === "heartbeat")
      operators.progress.advance(batch.partition, batch.lastReceivedAt);
    else operators.onBatch(batch, this.#options.layoutOf(topic.name, batch.layoutId));
    source.position = batch.endOffset;
    this.#moved.add(source);
  }

  #isCommitDue(): boolean {
    if (this.#moved.size === 0) return false;
    const { clock, commitMs, commitEvents = COMMIT_EVENTS } = this.#options;
    const { entriesMax = LIMITS.operatorEntriesMax } = this.#options;
    const nowMs = clock.monotonicMs();
    const quietMs = nowMs - Math.max(this.#lastReadMs, this.#lastCommitMs);
    const isQuiet = commitMs === undefined && quietMs >= COMMIT_MS;
    return (
      isQuiet ||
      this.#uncommittedEvents >= commitEvents ||
      nowMs - this.#lastCommitMs >= (commitMs ?? this.#pauseMs) ||
      this.#topics.some((topic) => topic.dirtyMost >= entriesMax)
    );
  }

  #commit(): void {
    const { store, clock, report } = this.#options;
    const startMs = clock.monotonicMs();
    const positions = [...this.#moved].map(positionOf);
    const moved = this.#topics.filter((topic) =>
      positions.some((position) => position.topic === topic.topic.name),
    );
    const outputs = moved.map((topic) => topic.emit(this.#version(topic)));
    const outbox = outputs.flatMap((output) => output.outbox);
    store.commit({
      operators: outputs.flatMap((output) => output.changes),
      positions,
      progress: moved.map(({ topic, operators }) => ({
        topic: topic.name,
        text: JSON.stringify(operators.progress.snapshot()),
      })),
      touched: moved.flatMap(({ topic, operators }) =>
        operators.touched.drain().map((each) => ({ ...each, topic: topic.name })),
      ),
      outbox,
    });
    for (const topic of moved) topic.settle();
    for (const output of outputs) {
      this.#counters.rows += output.rows;
      this.#counters.alerts += output.alerts;
    }
    this.#counters.commits++;
    this.#moved.clear();
    this.#uncommittedEvents = 0;
    const endMs = clock.monotonicMs();
    this.#pauseMs = pauseAfter(endMs - startMs, startMs - this.#lastCommitMs);
    this.#lastCommitMs = endMs;
    if (outbox.length > 0) this.#unpublished++;
    report?.(positions);
  }

  /** Publishes what is committed, unless that is under way; an error is kept for the next step. */
  #publish(): Promise<void> {
    if (this.#unpublished === 0) return Promise.resolve();
    this.#publishing ??= this.#publishAll(this.#unpublished).finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  /** A commit that comes meanwhile may be published, too; then the next time finds nothing. */
  async #publishAll(commits: number): Promise<void> {
    try {
      await this.#publisher.publish();
      this.#unpublished -= commits;
    } catch (error) {
      this.#sinkFailure = { error };
    }
  }

  #throwSinkFailure(): void {
    const failure = this.#sinkFailure;
    this.#sinkFailure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Grows with every record of the topic that is consumed. */
  #version(topic: StoredOperators): number {
    return this.#sources.reduce(
      (sum, source) => (source.topic === topic ? sum + source.position : sum),
      0,
    );
  }
}

/** Lets other work of the thread have its turn. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const positionOf = ({ topic, partition, position }: Source): ReaderPosition => ({
  topic: topic.topic.name,
  partition,
  offset: position,
});

/** How long there is no other commit after one that took so long, and came so long after the last. */
function pauseAfter(tookMs: number, sinceMs: number): number {
  const share = tookMs / Math.max(sinceMs, 1);
  const shortMs = share > COMMIT_SHARE_MAX ? COMMIT_MS_MAX : COMMIT_LASTS_MS_MAX / share;
  return Math.min(Math.max(Math.min(tookMs * COMMIT_PAUSE, shortMs), COMMIT_MS), COMMIT_MS_MAX);
}
