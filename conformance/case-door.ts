import { doorProgram, type DoorInput, type DoorProgram } from "../src/ingest/door-program.ts";
import { DoorBatch } from "../src/ingest/door-batch.ts";
import { deriveBatch } from "../src/ingest/derive-batch.ts";
import type { Lookups, TableRow } from "../src/ingest/derive/lookups.ts";
import { FATE_NAMES } from "../src/ingest/outcome.ts";
import { validateBody } from "../src/ingest/validate-body.ts";
import { rowToValues } from "../src/language/compile/javascript/row-to-object.ts";
import { leavesOf } from "../src/language/schema/leaf.ts";
import type { Plan } from "../src/language/plan/nodes.ts";
import type { Topic } from "../src/language/plan/topic.ts";
import { timeOf, type Case, type InputRecord, type LogRow, type Outcome } from "./case.ts";

/** Whether a definition asks of the door what a log-level record can't say. */
export const needsDoor = (plan: Plan): boolean =>
  plan.streams.length > 0 ||
  plan.rules.length > 0 ||
  plan.events.some(
    (node) =>
      node.derived.length > 0 ||
      node.undeclared !== "keep" ||
      leavesOf(node.fields).some((leaf) => leaf.clean.length > 0),
  ) ||
  JSON.stringify(plan).includes('"kind":"exists"');

interface DoorRow {
  readonly topic: string;
  readonly row: Omit<LogRow, "bytes">;
}

/** The tables as the case's own table records made them, so far. */
class CaseTables implements Lookups {
  readonly #tables = new Map<string, Map<string, TableRow>>();

  constructor(names: readonly string[]) {
    for (const name of names) this.#tables.set(name, new Map());
  }

  has(table: string, bytes: Uint8Array, start: number, end: number): boolean | undefined {
    return this.#tables.get(table)?.has(Buffer.from(bytes.subarray(start, end)).toString());
  }

  row(table: string, key: string): TableRow | undefined {
    return this.#tables.get(table)?.get(key);
  }

  put(table: string, key: string, row: TableRow): void {
    this.#tables.get(table)!.set(key, row);
  }
}

/**
 * The door's steps over a case's records, one request a record, without server and log: the gate's
 * rule (the lowest offset of an identity wins) is applied here.
 */
export class CaseDoor {
  readonly outcomes: Outcome[] = [];
  readonly broken = new Map<string, number>();
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #tables: CaseTables;
  readonly #program: DoorProgram;
  readonly #seen = new Set<string>();

  constructor({ plan, topics }: Case) {
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    this.#tables = new CaseTables(plan.tables.map((table) => table.name));
    let made = 0;
    this.#program = doorProgram({
      plan,
      topics: topics.map((topic, index) => ({ topic, layoutId: index + 1 })),
      secret: new Uint8Array(8),
      lookups: this.#tables,
      makeId: () => `made-${++made}`,
    });
  }

  /** The rows that a record becomes: of its own topic, then of the streams made from it. */
  async take(record: InputRecord): Promise<readonly DoorRow[]> {
    const { inputs, events } = this.#program;
    const candidates: readonly DoorInput[] =
      record.topic === undefined ? events : [inputs.get(record.topic)!];
    const arrival = {
      nowMs: timeOf(record.received_at),
      sentAt: Number.NaN,
      flags: record.flags ?? 0,
    };
    const batch = new DoorBatch(arrival, "native");
    const bytes = Buffer.from(JSON.stringify(record.event));
    const refusal = await validateBody(batch, bytes, candidates);
    if (refusal !== undefined) throw new Error(refusal.message);
    await deriveBatch(batch, () => bytes);
    for (const [rule, n] of batch.ruleCounts) {
      this.broken.set(rule, (this.broken.get(rule) ?? 0) + n);
    }
    for (const { fate, problem, rule } of batch.rejected) {
      this.#note(record, FATE_NAMES[fate], problem.code, rule);
    }
    const { sets } = batch.request();
    const [first] = sets;
    if (first?.hashes !== undefined && first.hashes.length > 0 && this.#isDuplicate(first)) {
      this.#note(record, "duplicate");
      return [];
    }
    return sets.flatMap((set) =>
      [...set.rowStarts].map((start) => this.#row(set.topic, set.rows, start)),
    );
  }

  #isDuplicate({ topic, hashes }: { topic: string; hashes?: Uint32Array | undefined }): boolean {
    const identity = `${topic} ${hashes!.join(" ")}`;
    if (this.#seen.has(identity)) return true;
    this.#seen.add(identity);
    return false;
  }

  #row(name: string, rows: Uint8Array, start: number): DoorRow {
    const topic = this.#topics.get(name)!;
    const { values } = rowToValues(topic.layout, rows, start);
    const named = new Map(topic.layout.columns.map((each, at) => [each.name, values[at]!]));
    if (topic.node.kind === "table") {
      this.#tables.put(name, String(named.get(topic.node.key)), named);
    }
    return { topic: name, row: { layout: topic.layout, values: named } };
  }

  #note(record: InputRecord, status: Outcome["status"], reason?: string, rule?: string): void {
    const topic = this.#topics.get(record.topic ?? this.#program.events[0]!.name)!;
    const event = String(record.event?.[topic.id] ?? null);
    this.outcomes.push({
      event,
      status,
      ...(reason !== undefined && { reason }),
      ...(rule !== undefined && { rule }),
    });
  }
}
