import type { ValueType } from "../../schema/field-type.ts";
import type { AvroSchema } from "../avro/topic-avro.ts";
import type { LoweredExpression } from "./lowered-expression.ts";
import type { RunnerColumn } from "./runner-columns.ts";

/** What the Java runner reads: everything about a definition that it needs, and nothing else. */
export interface StreamsPlan {
  readonly format: 1;
  /** The definition's name. */
  readonly name: string;
  /** How far `received_at` may run backwards within a partition, ms. */
  readonly slackMs: number;
  readonly gates: readonly GatePlan[];
  readonly topics: readonly TopicPlan[];
}

/** A topic that is made clean from its raw one. */
export interface GatePlan {
  readonly raw: string;
  readonly topic: string;
  readonly columns: readonly RunnerColumn[];
  /** Places of the id and of the key's fields; none: everything passes (a table). */
  readonly identity?: {
    readonly id: number;
    readonly key: readonly number[];
    /** How long an id is remembered, ms. */
    readonly horizonMs: number;
  };
  readonly streams: readonly MadeStreamPlan[];
}

/** A topic that the gate makes of another's clean records: filter and select. */
export interface MadeStreamPlan {
  readonly topic: string;
  readonly avro: AvroSchema;
  readonly where?: LoweredExpression;
  readonly fields: readonly MadeFieldPlan[];
  /** The field that a heartbeat has its time in. */
  readonly time: string;
}

/** One field of a record that the gate makes. */
export interface MadeFieldPlan {
  readonly name: string;
  readonly type: ValueType;
  readonly value: LoweredExpression;
}

/** A clean topic with its metrics. */
export interface TopicPlan {
  readonly topic: string;
  readonly columns: readonly RunnerColumn[];
  readonly metrics: readonly MetricPlan[];
}

/** One metric as the runner computes it. */
export interface MetricPlan {
  readonly name: string;
  /** The first eight hexadecimal digits of its meaning: what its state is kept under. */
  readonly meaning: string;
  /** The topic of its rows. */
  readonly rows: string;
  readonly avro: AvroSchema;
  readonly where?: LoweredExpression;
  readonly by: readonly DimensionPlan[];
  readonly window: WindowPlan;
  readonly graceMs: number;
  readonly emit: "change" | "close";
  readonly components: readonly ComponentPlan[];
  readonly anomalies: readonly AnomalyPlan[];
}

export interface DimensionPlan {
  readonly type: ValueType;
  readonly value: LoweredExpression;
}

/** Panes are what every window consists of: an event is in one. */
export type WindowPlan =
  | {
      readonly kind: "panes";
      readonly sizeMs: number;
      readonly everyMs: number;
      readonly paneMs: number;
    }
  | { readonly kind: "session"; readonly gapMs: number };

/** One stored component of a measure. */
export interface ComponentPlan {
  readonly kind: "count" | "sum" | "min" | "max" | "countDistinct";
  readonly type: ValueType;
  readonly where?: LoweredExpression;
  readonly value?: LoweredExpression;
  /** Of `countDistinct`. */
  readonly limit?: number;
}

/** An anomaly over a metric's closed rows. */
export interface AnomalyPlan {
  readonly name: string;
  /** What its history is kept under, and part of its alerts' ids. */
  readonly meaning: string;
  readonly alerts: string;
  readonly avro: AvroSchema;
  readonly metric: string;
  readonly measure: string;
  /** Places of the measure's components in a row: one, or numerator and denominator. */
  readonly components: readonly number[];
  readonly history: number;
  readonly threshold: number;
  readonly floor: number;
  readonly warmUp: number;
}
