import { MillraceError } from "../core/errors.ts";
import type { AppendRequest, RowSet } from "../storage/log/append-request.ts";
import type { PendingCount } from "../storage/log/log.ts";
import type { RowSink } from "./derive/row-sink.ts";
import type { RuleCounts } from "./derive/rules.ts";
import type { DoorInput, DoorStream } from "./door-program.ts";
import { FATE, type Rejected } from "./outcome.ts";
import type { Stage } from "./scan/stage.ts";
import type { Problem } from "./scan/problem.ts";
import type { Arrival } from "./scan/write-found.ts";

/** The events of one request for one topic. */
interface InputBatch {
  readonly input: DoorInput;
  readonly stage: Stage;
  sink: RowSink | undefined;
  /** Which row set of the append request its rows are; -1 when there are none. */
  set: number;
}

/** Accepted events of one topic: their staged rows, and the row set made of them. */
export interface TakenInput {
  readonly input: DoorInput;
  readonly stage: Stage;
  readonly sink: RowSink;
  readonly set: number;
}

/** Where the events of a request are. */
export interface Places {
  readonly inputs: readonly TakenInput[];
  /** Per event: which of `inputs` it is in; -1: it was rejected. */
  readonly inputOf: Int32Array;
  /** Per event: its row in that input's set. */
  readonly rowOf: Int32Array;
}

/** A made row set and what it was made from. */
interface MadeSet {
  readonly name: string;
  readonly layoutId: number;
  readonly sink: RowSink;
  readonly parent: number | undefined;
  /** What its rows come from, however far. */
  readonly input: DoorInput;
}

/** The events of one request on their way through the steps. */
export class DoorBatch {
  readonly arrival: Arrival;
  /** The protocol they came by. */
  readonly source: string;
  /** Events seen so far. */
  events = 0;
  readonly rejected: Rejected[] = [];
  readonly ruleCounts: RuleCounts = new Map();
  readonly #inputs = new Map<string, InputBatch>();
  readonly #sets: MadeSet[] = [];
  #ranges = new Int32Array(512);
  /** Rows of derived topics whose amounts don't fit, by topic. */
  readonly #overflows = new Map<string, number>();

  constructor(arrival: Arrival, source: string) {
    this.arrival = arrival;
    this.source = source;
  }

  /** The stage of a topic's events in this request, made the scanner's own. */
  stageOf(input: DoorInput): Stage {
    let batch = this.#inputs.get(input.name);
    if (batch === undefined) {
      batch = { input, stage: input.stages.take(), sink: undefined, set: -1 };
      this.#inputs.set(input.name, batch);
    }
    input.scanner.use(batch.stage);
    return batch.stage;
  }

  /** Keeps an event out: in the quarantine with its bytes, or refused and counted. */
  reject(
    index: number,
    fate: Rejected["fate"],
    topic: string,
    problem: Problem,
    bytes: Uint8Array,
    more: Pick<Rejected, "rule" | "eventId"> = {},
  ): void {
    this.rejected.push({ index, fate, topic, problem, bytes, ...more });
  }

  /** Rows that wait to be finished. */
  *staged(): Generator<{ input: DoorInput; stage: Stage; sink: RowSink }> {
    for (const batch of this.#inputs.values()) {
      batch.sink ??= batch.input.sinks.take();
      yield { input: batch.input, stage: batch.stage, sink: batch.sink };
    }
  }

  /** Makes the rows of derived topics from the finished rows of their sources. */
  deriveStreams(): void {
    for (const batch of this.#inputs.values()) {
      const { input, sink } = batch;
      if (sink === undefined || sink.rows === 0) continue;
      const { name, layoutId } = input;
      batch.set = this.#sets.push({ name, layoutId, sink, parent: undefined, input }) - 1;
    }
    for (const { input, sink, set } of this.#inputs.values()) {
      if (set !== -1) this.#derive(set, sink!, input, input.streams);
    }
  }

  #derive(parent: number, from: RowSink, input: DoorInput, streams: readonly DoorStream[]): void {
    for (const { maker, layoutId, streams: further } of streams) {
      const into = input.sinks.take();
      let overflows = 0;
      for (let row = 0; row < from.rows; row++) {
        if (!maker.make(from, row, from.rowStarts[row]!, into)) overflows++;
      }
      if (overflows > 0) this.#overflows.set(maker.topic.name, overflows);
      if (into.rows === 0) {
        input.sinks.giveBack(into);
        continue;
      }
      const { name } = maker.topic;
      const set = this.#sets.push({ name, layoutId, sink: into, parent, input }) - 1;
      this.#derive(set, into, input, further);
    }
  }

  /** Gives stages and sinks back: the batch, its request and its answer are done with. */
  release(): void {
    for (const { input, stage, sink } of this.#inputs.values()) {
      input.stages.giveBack(stage);
      if (sink !== undefined) input.sinks.giveBack(sink);
    }
    for (const { input, sink, parent } of this.#sets) {
      if (parent !== undefined) input.sinks.giveBack(sink);
    }
    this.#inputs.clear();
    this.#sets.length = 0;
  }

  /** What the log is asked for; until `release`. */
  request(): AppendRequest {
    return {
      sets: this.#sets.map(rowSet),
      counts: this.#counts(),
      quarantine: this.rejected
        .filter(({ fate }) => fate === FATE.quarantined)
        .map(({ topic, problem, rule, eventId, bytes }) => ({
          topic,
          reason: problem.code,
          field: problem.field,
          rule,
          eventId,
          bytes: new Uint8Array(bytes),
          source: this.source,
        })),
      source: this.source,
    };
  }

  #counts(): PendingCount[] {
    const seen = new Map<string, number>();
    const refused = new Map<string, PendingCount>();
    const add = (topic: string, n: number): void =>
      void seen.set(topic, (seen.get(topic) ?? 0) + n);
    for (const { name, sink, parent } of this.#sets) {
      if (parent === undefined) add(name, sink.rows); // the gate counts derived rows itself
    }
    for (const { topic, fate, problem } of this.rejected) {
      add(topic, 1);
      if (fate !== FATE.refused) continue;
      const id = `${topic}\u0000${problem.code}`;
      const n = (refused.get(id)?.n ?? 0) + 1;
      const reason = problem.code;
      refused.set(id, { topic, status: "refused", reason, source: this.source, n });
    }
    for (const [topic, n] of this.#overflows) {
      add(topic, n);
      const reason = "AMOUNT_OVERFLOW";
      refused.set(topic, { topic, status: "refused", reason, source: this.source, n });
    }
    const taken = [...seen].map(([topic, n]): PendingCount => ({
      topic,
      status: "in",
      source: this.source,
      n,
    }));
    return [...taken.filter(({ n }) => n > 0), ...refused.values()];
  }

  /** Remembers where in the body an event is. */
  locate(index: number, start: number, end: number): void {
    if (index * 2 === this.#ranges.length) {
      const grown = new Int32Array(this.#ranges.length * 2);
      grown.set(this.#ranges);
      this.#ranges = grown;
    }
    if (index >= this.events) this.events = index + 1;
    this.#ranges[index * 2] = start;
    this.#ranges[index * 2 + 1] = end;
  }

  /** Where in the body an event is. */
  rangeOf(index: number): { start: number; end: number } {
    return { start: this.#ranges[index * 2]!, end: this.#ranges[index * 2 + 1]! };
  }

  /** Where each event is; once the rows are finished. */
  places(): Places {
    const inputs: TakenInput[] = [];
    const inputOf = new Int32Array(this.events).fill(-1);
    const rowOf = new Int32Array(this.events);
    for (const { input, stage, sink, set } of this.#inputs.values()) {
      if (sink === undefined) throw new MillraceError("INTERNAL", "a batch wasn't finished");
      for (let row = 0; row < sink.rows; row++) {
        const event = stage.eventAt[sink.sources[row]!]!;
        inputOf[event] = inputs.length;
        rowOf[event] = row;
      }
      inputs.push({ input, stage, sink, set });
    }
    return { inputs, inputOf, rowOf };
  }
}

function rowSet({ name, layoutId, sink, parent }: MadeSet): RowSet {
  const { rows } = sink;
  return {
    topic: name,
    layoutId,
    rows: sink.bytes.subarray(0, sink.length),
    rowStarts: sink.rowStarts.subarray(0, rows),
    times: sink.times.subarray(0, rows),
    partitionHash: sink.partitionHash.subarray(0, rows),
    ...(parent === undefined
      ? { hashes: sink.hashes.subarray(0, rows * 3) }
      : { parent: { set: parent, rows: sink.sources.subarray(0, rows) } }),
  };
}
