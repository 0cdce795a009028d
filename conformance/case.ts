import type { Plan } from "../src/language/plan/nodes.ts";
import type { Value } from "../src/language/plan/value.ts";
import type { Layout } from "../src/language/schema/layout.ts";
import type { Topic } from "../src/language/plan/topic.ts";
import type { Construct } from "./construct.ts";
import type { ClaimedHazard } from "./hazard.ts";

/** The cells of the coverage table that a case is there for. */
export type Shows = { readonly [Name in Construct]?: readonly ClaimedHazard[] };

/** One record of the log, as the engines of a case get it. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ms */
  readonly receivedAt: number;
  /** None: a heartbeat. */
  readonly row?: LogRow;
}

/** A row by its columns and as bytes, in the layout that its batch names. */
export interface LogRow {
  readonly layout: Layout;
  readonly values: ReadonlyMap<string, Value>;
  readonly bytes: Uint8Array;
}

/** What became of one event at the door. */
export interface Outcome {
  readonly event: string;
  readonly status: "accepted" | "duplicate" | "quarantined" | "refused";
  readonly reason?: string;
  readonly rule?: string;
}

/**
 * One row as `expected.jsonl` has it: what kind of thing it is a row of, then readable values.
 *
 * - `{"metric", "key", "window_start", "window_end", …components, "closed"}`; `incomplete` and
 *   `late_pending` where they aren't false and 0
 * - `{"metric", "key", "window_start", "op": "delete"}`: a session start that was emitted when the
 *   log was read record by record, and ceased to exist
 * - `{"anomaly", "key", "window_start", "value", "median", "spread", "score"}`
 * - `{"model", "day", …columns}`, `{"cube", "hour" | "day", …dimensions, …measures}`; `incomplete`
 *   where it isn't false
 * - `{"rule", "broken"}`: how many events break it
 * - `{"stream" | "topic", …columns}`: a row of a topic; columns that are null are left out
 * - `{"event", "status", "reason", "rule"}`: what the door answered, where it isn't `accepted`
 * - `{"problem", "field", "message"}`: why a definition is refused
 */
export type Readable = Readonly<Record<string, unknown>>;

/** The kinds of row; the first member of a row names its kind. */
export const ROW_KINDS = [
  "metric",
  "anomaly",
  "model",
  "cube",
  "rule",
  "topic",
  "event",
  "problem",
] as const;
export type RowKind = (typeof ROW_KINDS)[number];

export const kindOf = (row: Readable): RowKind => {
  const kind = ROW_KINDS.find((each) => Object.keys(row)[0] === each);
  if (kind === undefined) throw new Error(`no kind of row: ${JSON.stringify(row)}`);
  return kind;
};

/** A case as its folder says it. */
export interface Case {
  readonly name: string;
  /** What it is there to show, one or two sentences. */
  readonly about: string;
  readonly shows: Shows;
  /** Read from the stable JSON form, never used as it was built. */
  readonly plan: Plan;
  readonly topics: readonly Topic[];
  /** Topics of the definition before its change, where the case has one. */
  readonly topicsBefore: readonly Topic[];
  readonly input: readonly InputRecord[];
  readonly partitions: number;
  readonly expected: readonly Readable[];
  /** Topics whose rows `expected.jsonl` lists. */
  readonly listed: ReadonlySet<string>;
}

/** One line of `input.jsonl`. */
export interface InputRecord {
  readonly topic?: string;
  readonly partition?: number;
  /** RFC 3339. */
  readonly received_at: string;
  readonly heartbeat?: true;
  /** `ROW_FLAGS`, for what only a log can say (4: imported). */
  readonly flags?: number;
  /** Written by the definition before its change. */
  readonly before?: true;
  readonly event?: Readonly<Record<string, unknown>>;
}

/** ms of a time as cases write it: RFC 3339, UTC. */
export function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || !text.endsWith("Z")) throw new Error(`not a time: ${text}`);
  return ms;
}
