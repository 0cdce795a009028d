import { columnOf, type TableSource } from "../../language/plan/table-source.ts";
import type { Leaf } from "../../language/schema/leaf.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { member, textOf, type JsonNode, type JsonObject } from "../scan/json-node.ts";
import { parseJson } from "../scan/parse-json.ts";
import type { Problem } from "../scan/problem.ts";
import { EVENT_BOUNDS } from "../scan/topic-scanner.ts";
import type { TableChange } from "./table-change.ts";

/** What Debezium writes for a long value that an update didn't touch. */
const UNAVAILABLE = "__debezium_unavailable_value";

/** An envelope has the row twice, and where it is from. */
const BOUNDS = { depthMax: EVENT_BOUNDS.depthMax + 2, keysMax: EVENT_BOUNDS.keysMax * 2 + 40 };

/** What these operations leave behind is the row as it is. */
const LEAVES_ROW = new Set(["c", "r", "u"]);

/** Where a change is from, for the row that it leaves. */
interface Origin {
  /** The same whenever the change is told: what was sent twice counts once. */
  readonly id: string;
  /** When it was committed, as JSON text. */
  readonly time: string;
}

/**
 * Reads Debezium's records of one table of a PostgreSQL, as JSON without a schema. Values go over as
 * they are; of a text field, numbers and booleans as their text.
 */
export class DebeziumReader {
  readonly #source: TableSource;
  readonly #key: Leaf;
  readonly #leaves: readonly Leaf[];

  /** `topic` is the table's. */
  constructor(topic: Topic, source: TableSource) {
    this.#source = source;
    this.#leaves = topic.leaves.filter(({ path }) => path !== topic.id && path !== topic.time);
    this.#key = this.#leaves.find(({ path }) => path === topic.key[0])!;
  }

  /** What a record says, in order: a changed key is a deletion and a new row. */
  changes(value: Buffer): readonly TableChange[] {
    const root = parseJson(value, 0, value.length, BOUNDS);
    if (root.kind === "failure") return [problem(root)];
    const [operation, before, after] = [
      textOf(root, "op"),
      member(root, "before"),
      member(root, "after"),
    ];
    const origin = originOf(root, operation);
    if (origin === undefined) return [problem(NO_CHANGE)];
    if (operation === "d") return [this.#deletion(value, before, origin)];
    if (operation === "t") return [problem(truncated(this.#source.table))];
    if (!LEAVES_ROW.has(operation!) || after?.kind !== "object") return [problem(NO_CHANGE)];
    const row = this.#row(value, after, origin);
    return this.#isMoved(value, before, after)
      ? [this.#deletion(value, before, origin), row]
      : [row];
  }

  #row(value: Buffer, after: JsonObject, { id, time }: Origin): TableChange {
    const members = [`"event_id":${JSON.stringify(id)}`, `"timestamp":${time}`];
    for (const leaf of this.#leaves) {
      const node = after.members.get(columnOf(this.#source, leaf.path))?.value;
      if (node === undefined) return problem(this.#noColumn(leaf.path));
      if (node.kind === "string" && node.text === UNAVAILABLE) {
        return problem(this.#unavailable(leaf.path));
      }
      members.push(`${JSON.stringify(leaf.path)}:${jsonOf(value, node, leaf)}`);
    }
    return { kind: "row", json: Buffer.from(`{${members.join(",")}}`) };
  }

  #deletion(value: Buffer, before: JsonNode | undefined, { id, time }: Origin): TableChange {
    const { path } = this.#key;
    const key = member(before, columnOf(this.#source, path));
    if (key === undefined || key.kind === "null") return problem(this.#noKey());
    const json = `{"event_id":${JSON.stringify(`${id}-`)},"timestamp":${time},${JSON.stringify(path)}:${jsonOf(value, key, this.#key)}}`;
    return { kind: "deletion", json: Buffer.from(json) };
  }

  /** `before` has the key where it is of the primary key, or the whole row is told. */
  #isMoved(value: Buffer, before: JsonNode | undefined, after: JsonObject): boolean {
    const column = columnOf(this.#source, this.#key.path);
    const [old, now] = [member(before, column), after.members.get(column)?.value];
    if (old === undefined || old.kind === "null" || now === undefined) return false;
    return jsonOf(value, old, this.#key) !== jsonOf(value, now, this.#key);
  }

  #noColumn(field: string): Problem {
    const { table } = this.#source;
    const column = columnOf(this.#source, field);
    return {
      code: "FIELD_MISSING",
      field,
      message: `${table} has no column ${column} any more`,
      hint: `bring it back, or take ${field} out of the definition`,
    };
  }

  #unavailable(field: string): Problem {
    const { table } = this.#source;
    const message = `PostgreSQL doesn't tell ${columnOf(this.#source, field)}: it is long and didn't change`;
    const hint = `ALTER TABLE ${table} REPLICA IDENTITY FULL`;
    return { code: "FIELD_VALUE", field, message, hint };
  }

  #noKey(): Problem {
    const { table } = this.#source;
    const field = this.#key.path;
    const message = `PostgreSQL doesn't tell ${columnOf(this.#source, field)} of a deleted row`;
    const hint = `make it the primary key, or ALTER TABLE ${table} REPLICA IDENTITY FULL`;
    return { code: "FIELD_MISSING", field, message, hint };
  }
}

const problem = (of: Problem): TableChange => ({ kind: "problem", problem: of });

const NO_CHANGE: Problem = {
  code: "FIELD_VALUE",
  field: "op",
  message: "it isn't a change as Debezium tells it for PostgreSQL",
  hint: "see that nothing else writes to this topic",
};

const truncated = (table: string): Problem => ({
  code: "FIELD_VALUE",
  field: "op",
  message: `${table} was truncated, and nobody tells which rows it had: they stay`,
  hint: "delete rows with DELETE",
});

/** A change's place in the database's log is its own; so is a row's place in a snapshot. */
function originOf(root: JsonNode, operation: string | undefined): Origin | undefined {
  const source = member(root, "source");
  const [lsn, ms] = [member(source, "lsn"), member(source, "ts_ms")];
  if (operation === undefined || lsn?.kind !== "number" || ms?.kind !== "number") return undefined;
  const time = new Date(Number(ms.text)).toJSON();
  return time === null ? undefined : { id: `${lsn.text}${operation}`, time: JSON.stringify(time) };
}

/** A value's own text; quoted where a number or a boolean is to be a text. */
function jsonOf(value: Buffer, node: JsonNode, { type }: Leaf): string {
  const text = value.toString("utf8", node.start, node.end);
  const isText = type.kind === "string" || type.kind === "id" || type.kind === "oneOf";
  return isText && (node.kind === "number" || node.kind === "boolean") ? `"${text}"` : text;
}
