import type { RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { DEFAULT_GRACE_MS } from "../../language/plan/window.ts";
import { ROW_FLAGS, type Layout } from "../../language/schema/layout.ts";
import type { MetricOperator } from "./metric-operator.ts";
import { metricOperator, type StateFactory } from "./metric-operators.ts";
import { Progress } from "./progress.ts";
import { RowExpressions } from "./row-expressions.ts";
import { TouchedHours } from "./touched-hours.ts";

/** A batch of the log, as far as operators look at it. A heartbeat has no rows. */
export interface OperatorBatch {
  readonly partition: number;
  readonly lastReceivedAt: number;
  readonly rows: Uint8Array;
}

/** One metric of a topic, with the state it works on. */
export interface TopicMetric {
  readonly metric: MetricNode;
  readonly stateFor: StateFactory;
  /** See `OperatorOptions`. */
  readonly sinceMs: number;
}

/** All metrics of one topic over its rows: one walk a row for all of them. */
export class TopicOperators {
  readonly topic: Topic;
  readonly progress: Progress;
  readonly operators: readonly MetricOperator[];
  /** Hours that late, imported or misplaced events belong to, since last cleared. */
  readonly touched = new TouchedHours();
  readonly #expressions = new RowExpressions();
  readonly #timeSlot: number;
  /** One program for each layout that rows came in: a definition may have changed meanwhile. */
  readonly #programs = new Map<string, RowProgram>();
  #bound: RowProgram | undefined;
  readonly #slackMs: number;
  readonly #leastGraceMs: number;

  constructor(topic: Topic, partitions: number, metrics: readonly TopicMetric[], slackMs: number) {
    this.topic = topic;
    this.progress = new Progress(partitions);
    this.#slackMs = slackMs;
    this.#leastGraceMs = metrics.reduce(
      (least, { metric }) => Math.min(least, metric.graceMs),
      metrics.length === 0 ? DEFAULT_GRACE_MS : Infinity,
    );
    const expressions = this.#expressions;
    const { valueType } = topic.layout.columns.find((column) => column.name === topic.time)!;
    this.#timeSlot = expressions.value({
      kind: "field",
      source: topic.name,
      path: topic.time,
      type: valueType,
      nullable: false,
    });
    this.operators = metrics.map(({ metric, stateFor, sinceMs }) =>
      metricOperator(metric, expressions, stateFor, { progress: this.progress, slackMs, sinceMs }),
    );
    this.#bindTo(topic.layout);
  }

  /** Takes the rows of a batch; each partition's batches in their order. */
  onBatch({ partition, rows, lastReceivedAt }: OperatorBatch, layout = this.topic.layout): void {
    const program = this.#bindTo(layout);
    const timeOf = program.values[this.#timeSlot] as () => number;
    const { operators } = this;
    let greatest = this.progress.of(partition);
    let at = 0;
    while (at < rows.length) {
      at = program.run(rows, at);
      const receivedAt = program.receivedAt();
      // What runs backwards by the slack or more may belong to a window that has closed: it enters
      // by amendment, as late events do. The log promises not to do that.
      const eligible =
        (program.flags() & ROW_FLAGS.imported) === 0 && receivedAt > greatest - this.#slackMs;
      if (receivedAt > greatest) greatest = receivedAt;
      const time = timeOf();
      if (!eligible || receivedAt > time + this.#leastGraceMs) {
        this.touched.add(time, partition, program.offset());
      }
      for (let index = 0; index < operators.length; index++) {
        operators[index]!.take(time, receivedAt, eligible);
      }
    }
    this.progress.advance(partition, Math.max(greatest, lastReceivedAt));
  }

  #bindTo(layout: Layout): RowProgram {
    let program = this.#programs.get(layout.id);
    if (program === undefined) {
      program = this.#expressions.compile(layout);
      this.#programs.set(layout.id, program);
    }
    if (program !== this.#bound) {
      this.#bound = program;
      for (const operator of this.operators) operator.bind(program);
    }
    return program;
  }
}
