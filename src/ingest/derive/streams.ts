import { fitsPrecision } from "../../core/decimal.ts";
import { compileRows, type RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { Expression } from "../../language/plan/expression.ts";
import type { Plan, StreamNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Value } from "../../language/plan/value.ts";
import { ROW_HEAD, type Column } from "../../language/schema/layout.ts";
import type { Lookups, TableRow } from "./lookups.ts";
import { putRange } from "../scan/stage.ts";
import { topicLookups, type TopicLookups } from "./topic-lookups.ts";
import { putValue, valueRoom, type RowSink } from "./row-sink.ts";

/** Makes rows of a derived topic from accepted rows of another. */
export class StreamMaker {
  readonly topic: Topic;
  readonly source: string;
  readonly #node: StreamNode;
  readonly #program: RowProgram;
  readonly #columns: readonly Column[];
  readonly #lookups: Lookups;
  readonly #stamps: TopicLookups | undefined;
  readonly #values: Value[] = [];
  #joined: TableRow | undefined;

  constructor(plan: Plan, topic: Topic, source: Topic, lookups: Lookups) {
    const node = plan.streams.find((each) => each.name === topic.name)!;
    this.topic = topic;
    this.source = source.name;
    this.#node = node;
    this.#lookups = lookups;
    this.#columns = topic.layout.columns.filter((column) => column.role === "declared");
    const selected = new Map(node.select.map(({ name, value }) => [name, value]));
    const carried = (column: Column): Expression => ({
      kind: "field",
      source: source.name,
      path: column.name,
      type: column.valueType,
      nullable: column.nullable,
    });
    const expressions: Expression[] = [
      node.where ?? TRUE,
      node.join?.on ?? TRUE,
      ...this.#columns.map((column) => selected.get(column.name) ?? carried(column)),
    ];
    this.#program = compileRows(source.layout, expressions, {
      outside: (field) =>
        field.source === node.join?.table ? () => this.#joined?.get(field.path) ?? null : undefined,
    });
    this.#stamps = topicLookups(topic, lookups);
  }

  /**
   * Makes the row of the source's row at `start`, or none. False: an amount doesn't fit its
   * declared precision.
   */
  make(from: RowSink, parent: number, start: number, into: RowSink): boolean {
    const program = this.#program;
    program.run(from.bytes, start);
    if (program.value(0) !== true) return true;
    const { join } = this.#node;
    if (join !== undefined) {
      const key = program.value(1);
      this.#joined = typeof key === "string" ? this.#lookups.row(join.table, key) : undefined;
      if (this.#joined === undefined && join.type === "inner") return true;
    }
    let room = ROW_HEAD.bytes + 64 + 2 * (this.#stamps?.count ?? 0);
    for (let index = 0; index < this.#columns.length; index++) {
      const value = program.value(index + 2);
      const { valueType } = this.#columns[index]!;
      if (valueType.kind === "decimal" && typeof value === "bigint") {
        if (!fitsPrecision(value, valueType.precision)) return false;
      }
      this.#values[index] = value;
      room += valueRoom(value);
    }
    this.#write(from, parent, start, into, room);
    return true;
  }

  #write(from: RowSink, parent: number, start: number, into: RowSink, room: number): void {
    const begin = into.begin(room);
    let to = putRange(into.bytes, begin, from.bytes, start, start + ROW_HEAD.bytes);
    for (let index = 0; index < this.#columns.length; index++) {
      to = putValue(into, to, this.#columns[index]!, this.#values[index]!);
    }
    if (this.#stamps !== undefined) to = this.#stamps.write(into.bytes, begin, into.bytes, to);
    for (let tail = 0; tail < TAIL_COLUMNS; tail++) into.bytes[to++] = 1;
    into.commit(to, from.times[parent]!, from.partitionHash[parent]!, parent);
  }
}

/** `_time_original`, `_undeclared` and `_original`, all null in a derived row. */
const TAIL_COLUMNS = 3;
const TRUE: Expression = { kind: "literal", type: { kind: "boolean" }, value: true };
