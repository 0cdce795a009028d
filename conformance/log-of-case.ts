import { parseDecimal } from "../src/core/decimal.ts";
import { encodeRow } from "../src/language/compile/javascript/encode-row.ts";
import type { Topic } from "../src/language/plan/topic.ts";
import type { Value } from "../src/language/plan/value.ts";
import type { Column, Layout } from "../src/language/schema/layout.ts";
import {
  timeOf,
  type Case,
  type InputRecord,
  type LogRecord,
  type LogRow,
  type Outcome,
} from "./case.ts";
import { CaseDoor, needsDoor } from "./case-door.ts";

/** The log of a case, and what the door said of events that aren't in it. */
export interface CaseLog {
  readonly records: readonly LogRecord[];
  readonly outcomes: readonly Outcome[];
  /** How often each rule was broken at the door. */
  readonly broken: ReadonlyMap<string, number>;
}

/** The topics that clients write to: events and tables. */
export const rootsOf = ({ topics }: Case): readonly Topic[] =>
  topics.filter((topic) => topic.node.kind !== "stream");

/** A case's input as the log has it: by the door where its definition asks something of it. */
export async function logOf(of: Case): Promise<CaseLog> {
  const log = new LogBuilder(of);
  const door = needsDoor(of.plan) ? new CaseDoor(of) : undefined;
  for (const record of of.input) {
    if (record.heartbeat === true) log.heartbeat(record);
    else if (door === undefined) log.plain(record);
    else for (const row of await door.take(record)) log.add(row.topic, record, row.row);
  }
  return {
    records: log.records,
    outcomes: door?.outcomes ?? [],
    broken: door?.broken ?? new Map<string, number>(),
  };
}

class LogBuilder {
  readonly records: LogRecord[] = [];
  readonly #case: Case;
  readonly #offsets = new Map<string, number>();

  constructor(of: Case) {
    this.#case = of;
  }

  /** A heartbeat goes to the partition in every topic. */
  heartbeat(record: InputRecord): void {
    for (const { name } of this.#case.topics) this.records.push(this.#place(name, record));
  }

  /** A row without its head; values of the head are the log's. */
  add(topic: string, record: InputRecord, { layout, values }: Omit<LogRow, "bytes">): void {
    const place = this.#place(topic, record);
    const whole = new Map(values)
      .set("_offset", BigInt(place.offset))
      .set("received_at", place.receivedAt)
      .set("_partition", BigInt(place.partition));
    this.records.push({ ...place, row: rowOf(layout, whole) });
  }

  plain(record: InputRecord): void {
    const topics = record.before === true ? this.#case.topicsBefore : this.#case.topics;
    const topic = topics.find((each) => each.name === (record.topic ?? topics[0]!.name));
    if (topic === undefined) throw new Error(`no topic ${record.topic}`);
    const values = plainValues(topic, record.event ?? {});
    values.set("_flags", BigInt(record.flags ?? 0));
    this.add(topic.name, record, { layout: topic.layout, values });
  }

  #place(topic: string, record: InputRecord): LogRecord {
    const partition = record.partition ?? 0;
    const id = `${partition} ${topic}`;
    const offset = this.#offsets.get(id) ?? 0;
    this.#offsets.set(id, offset + 1);
    return { topic, partition, offset, receivedAt: timeOf(record.received_at) };
  }
}

/** A row of these values, null where there is none. */
export function rowOf(layout: Layout, values: ReadonlyMap<string, Value>): LogRow {
  const listed = layout.columns.map((column) => values.get(column.name) ?? null);
  return { layout, values, bytes: encodeRow(layout, listed) };
}

/** The values of an event that needs nothing of the door; a field that isn't declared throws. */
function plainValues(topic: Topic, event: Readonly<Record<string, unknown>>): Map<string, Value> {
  const values = new Map<string, Value>();
  const given = new Map(leavesIn(event, ""));
  for (const column of topic.layout.columns) {
    if (column.role !== "declared") continue;
    const value = given.get(column.name) ?? null;
    if (value === null && !column.nullable) throw new Error(`${column.name} is missing`);
    values.set(column.name, value === null ? null : valueOf(column, value));
    given.delete(column.name);
  }
  if (given.size > 0) throw new Error(`not declared: ${[...given.keys()].join(", ")}`);
  return values;
}

function* leavesIn(value: unknown, path: string): Iterable<readonly [string, unknown]> {
  if (typeof value !== "object" || value === null) {
    yield [path, value];
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    yield* leavesIn(member, path === "" ? name : `${path}.${name}`);
  }
}

function valueOf({ valueType, name }: Column, value: unknown): Value {
  switch (valueType.kind) {
    case "integer":
      return BigInt(value as string | number);
    case "decimal": {
      const unscaled = parseDecimal(String(value), valueType.scale);
      if (unscaled === undefined) throw new Error(`${name}: ${String(value)} isn't exact`);
      return unscaled;
    }
    case "timestamp":
      return timeOf(value as string);
    default:
      return value as Value;
  }
}
