import { assert } from "../../core/errors.ts";
import { emptyValue } from "../../language/schema/empty-value.ts";
import { ROW_FLAGS } from "../../language/schema/layout.ts";
import { cleanValue, type Plain } from "./clean-value.ts";
import type { JsonNode, JsonObject } from "./json-node.ts";
import { parseTime } from "./parse-time.ts";
import type { Problem } from "./problem.ts";
import { CODE, SENT_AT, type ScanProgram } from "./program.ts";
import { readLeaf, type LeafValue } from "./read-leaf.ts";
import { putHead, putInt64, putLength, type Stage } from "./stage.ts";
import { judgeTime, timeVerdict } from "./time-rules.ts";
import { STORED_TIME, type Arrival } from "./write-found.ts";

/** Gives ids to upserts that come without one. */
export type MakeId = () => string;

/**
 * The exact path: reads a parsed event leaf by leaf, cleans, checks and stages it. It alone words
 * problems; where the fast path is sure, both write the same bytes.
 */
export class ExactWriter {
  readonly #program: ScanProgram;
  stage: Stage;
  readonly #makeId: MakeId;
  /** Times that cleaning changed a leaf, by leaf. */
  readonly cleaned: Float64Array;
  readonly #verdict = timeVerdict();
  readonly #values: (LeafValue | null)[];
  #original: string[] = [];

  constructor(program: ScanProgram, stage: Stage, makeId: MakeId) {
    this.#program = program;
    this.stage = stage;
    this.#makeId = makeId;
    this.#values = program.leaves.map(() => null);
    this.cleaned = new Float64Array(program.leaves.length);
  }

  /** What is wrong with the event; `undefined`: it is fine. Stages nothing. */
  check(bytes: Buffer, node: JsonNode, arrival: Arrival): Problem | undefined {
    if (node.kind !== "object") {
      return { code: "FIELD_TYPE", message: `an event is a JSON object, not a ${node.kind}` };
    }
    this.#original = [];
    for (let leaf = 0; leaf < this.#program.leaves.length; leaf++) {
      const problem = this.#read(bytes, node, leaf, arrival);
      if (problem !== undefined) return problem;
    }
    return this.#judge(node, arrival) ?? this.#refuseUndeclared(node);
  }

  /** Stages the event, unless there is a problem with it. */
  write(bytes: Buffer, node: JsonNode, eventIndex: number, arrival: Arrival): Problem | undefined {
    const problem = this.check(bytes, node, arrival);
    if (problem !== undefined) return problem;
    assert(node.kind === "object", "a checked event is an object");
    const changed = this.#original.length > 0;
    const into: Collected = { parts: [], opened: 0, path: [] };
    if (this.#program.undeclared === "keep") this.#collect(bytes, node, 0, into);
    const { parts } = into;
    const undeclared = parts.length === 0 ? undefined : Buffer.concat([OPEN, ...parts, CLOSE]);
    const original = changed ? Buffer.from(`{${this.#original.join(",")}}`) : undefined;
    this.#stageRow(eventIndex, arrival, undeclared, original);
    return undefined;
  }

  /**
   * Stages that a table's row was deleted: `node` has its key, and may have an id and a time. All
   * other values are empty.
   */
  writeDeletion(
    bytes: Buffer,
    node: JsonObject,
    eventIndex: number,
    arrival: Arrival,
  ): Problem | undefined {
    const { leaves, id, time, key } = this.#program;
    this.#original = [];
    for (const [leaf, { type, nullable }] of leaves.entries()) {
      this.#values[leaf] = nullable ? null : emptyValue(type);
      if (leaf !== id && leaf !== time && !key.includes(leaf)) continue;
      const problem = this.#read(bytes, node, leaf, arrival);
      if (problem !== undefined) return problem;
    }
    const problem = this.#judge(node, arrival);
    if (problem !== undefined) return problem;
    const flags = arrival.flags | ROW_FLAGS.deleted;
    this.#stageRow(eventIndex, { ...arrival, flags }, undefined, undefined);
    return undefined;
  }

  #read(bytes: Buffer, root: JsonObject, leaf: number, arrival: Arrival): Problem | undefined {
    const { leaves, fills, id, time } = this.#program;
    const node = leaves[leaf]!;
    const found = find(root, node.path);
    if (found.kind === "problem") return found.problem;
    let plain: Plain = found.node ?? { kind: "null" };
    const before = plain;
    for (const step of node.clean) plain = cleanValue(step, plain, node.type);
    if (plain !== before) {
      this.cleaned[leaf]!++;
      const raw = found.node === undefined ? "null" : textOfRange(bytes, found.node);
      this.#original.push(`${JSON.stringify(node.path)}:${raw}`);
    }
    this.#values[leaf] = null;
    if (plain.kind !== "null") {
      const read = readLeaf(node, plain);
      if (read.kind === "problem") return read.problem;
      if (node.type.kind === "timestamp" && leaf !== time && !isStorable(read.value)) {
        const message = `${node.path}: only times of 1900 to 2299 can be stored`;
        return { code: "TIME_OUT_OF_RANGE", field: node.path, message };
      }
      this.#values[leaf] = read.value;
    } else if (fills && leaf === id) this.#values[leaf] = this.#makeId();
    else if (leaf === time && (fills || node.nullable)) this.#values[leaf] = arrival.nowMs;
    else if (!node.nullable) {
      return {
        code: "FIELD_MISSING",
        field: node.path,
        message: `${node.path} is missing or null`,
      };
    }
    return undefined;
  }

  #judge(node: JsonObject, arrival: Arrival): Problem | undefined {
    const { time, leaves, takesSentAt } = this.#program;
    let { sentAt } = arrival;
    const own = takesSentAt ? node.members.get(SENT_AT)?.value : undefined;
    if (own !== undefined && own.kind !== "null") {
      const ms = own.kind === "string" ? parseTime(own.text) : undefined;
      if (ms === undefined) {
        const message = `${SENT_AT} isn't an RFC 3339 time with an offset`;
        return { code: "TIME_INVALID", field: SENT_AT, message };
      }
      sentAt = ms;
    }
    const client = this.#values[time];
    assert(typeof client === "number", "an event has a time");
    judgeTime(client, sentAt, arrival.nowMs, this.#verdict);
    if (!Number.isNaN(this.#verdict.time)) return undefined;
    const { path } = leaves[time]!;
    const text = new Date(client).toJSON() ?? String(client);
    const message = `${path}: ${text} is before 1971 or more than a day ahead of the collector`;
    return { code: "TIME_OUT_OF_RANGE", field: path, message, hint: "check the client's clock" };
  }

  #refuseUndeclared(node: JsonObject): Problem | undefined {
    if (this.#program.undeclared !== "refuse") return undefined;
    const field = this.#firstUndeclared(node, 0);
    if (field === undefined) return undefined;
    return {
      code: "FIELD_UNDECLARED",
      field,
      message: `${field} isn't declared`,
      hint: 'declare it, or set `undeclared: "keep"`',
    };
  }

  #firstUndeclared(node: JsonObject, record: number): string | undefined {
    const { byName, prefix } = this.#program.records[record]!;
    for (const [key, { value }] of node.members) {
      const target = byName.get(key);
      if (target === undefined) {
        if (record === 0 && key === SENT_AT && this.#program.takesSentAt) continue;
        return prefix + key;
      }
      if (target < 0 && value.kind === "object") {
        const found = this.#firstUndeclared(value, -1 - target);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** Collects the undeclared members in the document's order, those of records in their place. */
  #collect(bytes: Buffer, node: JsonObject, record: number, into: Collected): void {
    const { byName, depth, name } = this.#program.records[record]!;
    into.path[depth] = name;
    for (const [key, { keyStart, keyEnd, value }] of node.members) {
      const target = byName.get(key);
      if (target === undefined) {
        if (record === 0 && key === SENT_AT && this.#program.takesSentAt) continue;
        const { parts } = into;
        if (parts.length > 0) parts.push(COMMA);
        while (into.opened < depth) {
          parts.push(Buffer.from(`${JSON.stringify(into.path[++into.opened])}:{`));
        }
        parts.push(bytes.subarray(keyStart, keyEnd), COLON, bytes.subarray(value.start, value.end));
      } else if (target < 0 && value.kind === "object") {
        this.#collect(bytes, value, -1 - target, into);
      }
    }
    if (depth > 0 && into.opened === depth) {
      into.parts.push(CLOSE);
      into.opened--;
    }
  }

  #stageRow(
    eventIndex: number,
    arrival: Arrival,
    undeclared: Buffer | undefined,
    original: Buffer | undefined,
  ): void {
    const { leaves, fixedBytes, time } = this.#program;
    const stage = this.stage;
    this.#values[time] = this.#verdict.time;
    let room = fixedBytes + (undeclared?.length ?? 0) + (original?.length ?? 0);
    for (const value of this.#values) if (typeof value === "string") room += value.length * 3;
    stage.reserve(room);
    const row = stage.rows;
    const start = stage.length;
    const cleaned = original === undefined ? 0 : ROW_FLAGS.cleaned;
    const flags = this.#verdict.flags | arrival.flags | cleaned;
    let to = putHead(stage.view, start, arrival.nowMs, flags);
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      stage.columnAt[row * stage.columns + leaf] = to;
      to = this.#put(leaf, to);
    }
    stage.time[row] = this.#verdict.time;
    stage.timeOriginal[row] = this.#verdict.original;
    stage.eventAt[row] = eventIndex;
    stage.startAt[row] = start;
    stage.leavesEnd[row] = to;
    if (undeclared !== undefined) to += undeclared.copy(stage.bytes, to);
    stage.undeclaredEnd[row] = to;
    if (original !== undefined) to += original.copy(stage.bytes, to);
    stage.originalEnd[row] = to;
    stage.length = to;
    stage.rows = row + 1;
  }

  #put(leaf: number, at: number): number {
    const { nullable, codes } = this.#program;
    const { bytes, view } = this.stage;
    const value = this.#values[leaf]!;
    let to = at;
    if (nullable[leaf] === 1) bytes[to++] = value === null ? 1 : 0;
    if (value === null) return to;
    switch (codes[leaf]) {
      case CODE.integer:
      case CODE.decimal64:
        view.setBigInt64(to, value as bigint, true);
        return to + 8;
      case CODE.decimal128:
        view.setBigUint64(to, BigInt.asUintN(64, value as bigint), true);
        view.setBigInt64(to + 8, (value as bigint) >> 64n, true);
        return to + 16;
      case CODE.float:
        view.setFloat64(to, value as number, true);
        return to + 8;
      case CODE.boolean:
        bytes[to] = value === true ? 1 : 0;
        return to + 1;
      case CODE.time:
        return putInt64(view, to, value as number);
      default: {
        const text = value as string;
        to = putLength(bytes, to, Buffer.byteLength(text));
        return to + bytes.write(text, to);
      }
    }
  }
}

/** Parts of the text of undeclared members, and how many records it has open braces of. */
interface Collected {
  readonly parts: Buffer[];
  opened: number;
  readonly path: string[];
}

const OPEN = Buffer.from("{");
const CLOSE = Buffer.from("}");
const COMMA = Buffer.from(",");
const COLON = Buffer.from(":");

const textOfRange = (bytes: Buffer, { start, end }: JsonNode): string =>
  bytes.toString("utf8", start, end);

const isStorable = (ms: LeafValue): boolean =>
  typeof ms === "number" && ms >= STORED_TIME.leastMs && ms <= STORED_TIME.mostMs;

type Finding =
  | { readonly kind: "found"; readonly node: JsonNode | undefined }
  | { readonly kind: "problem"; readonly problem: Problem };

/** The node at a dotted path; `undefined` when it, or a record above it, is absent or null. */
function find(root: JsonObject, path: string): Finding {
  let object: JsonObject = root;
  let from = 0;
  for (;;) {
    const dot = path.indexOf(".", from);
    const node = object.members.get(dot === -1 ? path.slice(from) : path.slice(from, dot))?.value;
    if (dot === -1 || node === undefined || node.kind === "null") {
      return { kind: "found", node: node?.kind === "null" && dot !== -1 ? undefined : node };
    }
    if (node.kind !== "object") {
      const field = path.slice(0, dot);
      const message = `${field}: expected an object, got a ${node.kind}`;
      return { kind: "problem", problem: { code: "FIELD_TYPE", field, message } };
    }
    object = node;
    from = dot + 1;
  }
}
