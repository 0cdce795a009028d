import type { Plan } from "../language/plan/nodes.ts";
import type { Topic } from "../language/plan/topic.ts";
import type { Lookups } from "./derive/lookups.ts";
import { RowFinisher } from "./derive/row-finisher.ts";
import { RowSink } from "./derive/row-sink.ts";
import { StreamMaker } from "./derive/streams.ts";
import type { Problem } from "./scan/problem.ts";
import { IdlePool } from "./idle-pool.ts";
import type { MakeId } from "./scan/exact-writer.ts";
import { Stage } from "./scan/stage.ts";
import { TopicScanner } from "./scan/topic-scanner.ts";

/** A topic and the number its layout has in the log. */
export interface DoorTopic {
  readonly topic: Topic;
  readonly layoutId: number;
}

/** Everything that a definition asks of the door, compiled once. */
export interface DoorProgram {
  readonly plan: Plan;
  /** Topics that clients may write to (events, tables), by name. */
  readonly inputs: ReadonlyMap<string, DoorInput>;
  /** Events in the definition's order: those that an event without a topic may belong to. */
  readonly events: readonly DoorInput[];
}

export interface DoorInput {
  readonly name: string;
  readonly layoutId: number;
  readonly scanner: TopicScanner;
  readonly finisher: RowFinisher;
  readonly streams: readonly DoorStream[];
  readonly stages: IdlePool<Stage>;
  /** For its rows and those of its streams. */
  readonly sinks: IdlePool<RowSink>;
  /** Why clients may not write to it. */
  readonly closed?: Problem;
}

/** A topic made from another one at the door, and those made from it. */
export interface DoorStream {
  readonly layoutId: number;
  readonly maker: StreamMaker;
  readonly streams: readonly DoorStream[];
}

export interface DoorOptions {
  readonly plan: Plan;
  readonly topics: readonly DoorTopic[];
  /** Keys the identity hash; of the data folder. */
  readonly secret: Uint8Array;
  readonly lookups: Lookups;
  readonly makeId: MakeId;
  /** Whether tables whose rows come from a database are closed to clients. */
  readonly closesSourced?: boolean;
}

/** Compiles the door of a definition. */
export function doorProgram(options: DoorOptions): DoorProgram {
  const { plan, topics, secret, lookups, makeId, closesSourced = false } = options;
  const streamsOf = (source: Topic): DoorStream[] =>
    topics
      .filter(({ topic }) => topic.node.kind === "stream" && topic.node.from === source.name)
      .map(({ topic, layoutId }) => ({
        layoutId,
        maker: new StreamMaker(plan, topic, source, lookups),
        streams: streamsOf(topic),
      }));
  const sinks = new IdlePool(() => new RowSink());
  const inputs = topics
    .filter(({ topic }) => topic.node.kind !== "stream")
    .map(({ topic, layoutId }): DoorInput => {
      const scanner = new TopicScanner(topic, makeId);
      const finisher = new RowFinisher(plan, scanner.program, secret, lookups);
      const stages = new IdlePool(() => new Stage(topic.leaves.length));
      const streams = streamsOf(topic);
      const closed = closesSourced ? closedProblem(topic) : undefined;
      return {
        name: topic.name,
        layoutId,
        scanner,
        finisher,
        streams,
        stages,
        sinks,
        ...(closed && { closed }),
      };
    });
  return {
    plan,
    inputs: new Map(inputs.map((input) => [input.name, input])),
    events: inputs.filter(({ finisher }) => finisher.topic.node.kind === "event"),
  };
}

/** A table has one source: two would contradict each other. */
function closedProblem({ name, node }: Topic): Problem | undefined {
  if (node.kind !== "table" || node.from === undefined) return undefined;
  return {
    code: "TABLE_HAS_SOURCE",
    message: `the rows of ${name} come from ${node.from.table} of a database`,
    hint: "change the row there",
  };
}
