import type { Window } from "../src/language/plan/window.ts";
import type { RowKind } from "./case.ts";

export type Engine = "embedded" | "clickhouse" | "kafka-streams" | "spark" | "flink";

/** What an engine can't do yet in one case. When it starts to pass, the entry must go. */
export interface Gap {
  readonly case: string;
  readonly engine: Engine;
  readonly reason: string;
}

export const GAPS: readonly Gap[] = [];

/** A field that an engine doesn't fill in rows of one kind of window. */
export interface FieldGap {
  readonly engine: Engine;
  readonly field: string;
  readonly window: Window["kind"];
  readonly reason: string;
}

export const FIELD_GAPS: readonly FieldGap[] = [
  {
    engine: "flink",
    field: "late_pending",
    window: "session",
    reason: "its sessions have no place for events that must not make them longer; always 0",
  },
];

/** Kinds of rows that aren't an engine's to make, by design. */
export const NOT_MADE_BY: Record<Engine, Partial<Record<RowKind, string>>> = {
  embedded: {
    model: "models are batch work: the warehouse's engine over the lake, in both runtimes",
    cube: "cubes are kept by the warehouse as events arrive",
  },
  clickhouse: {
    anomaly: "anomalies watch closed rows as they leave the stream; nothing recomputes an alert",
    topic: "rows of topics are made at the door, before any engine",
    event: "the door's answers aren't kept in tables",
    problem: "a refused definition reaches no engine",
  },
  "kafka-streams": {
    model: "models are batch work",
    cube: "cubes are kept by the warehouse as events arrive",
    rule: "a rule looks at one event, at the door",
    event: "the door's answers aren't in the log",
    problem: "a refused definition reaches no engine",
  },
  spark: {
    anomaly: "anomalies watch closed rows as they leave the stream; nothing recomputes an alert",
    topic: "rows of topics are made at the door, before any engine",
    event: "the door's answers aren't in the lake",
    problem: "a refused definition reaches no engine",
  },
  flink: {
    model: "models are batch work",
    cube: "cubes are kept by the warehouse as events arrive",
    rule: "a rule looks at one event, at the door",
    topic: "rows of topics are made before any engine reads them",
    event: "the door's answers aren't in the log",
    problem: "a refused definition reaches no engine",
  },
};
