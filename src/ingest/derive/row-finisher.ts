import { copyBytes } from "../../core/copy-bytes.ts";
import { murmur2 } from "../../core/murmur2.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { ROW_FLAGS, ROW_HEAD } from "../../language/schema/layout.ts";
import { identityHash, type IdentityHash } from "../../storage/ids/identity-hash.ts";
import type { Leaf } from "../../language/schema/leaf.ts";
import type { ScanProgram } from "../scan/program.ts";
import { putInt64, type Stage } from "../scan/stage.ts";
import { derivedColumns, type WriteDerived } from "./derived-columns.ts";
import { putNullableText, type RowSink } from "./row-sink.ts";
import { topicRules, type RuleCounts, type RuleProblem, type TopicRules } from "./rules.ts";
import { topicLookups, type TopicLookups } from "./topic-lookups.ts";
import type { Lookups } from "./lookups.ts";
import { declaredText } from "./declared-text.ts";

/** A range of bytes of the stage; `start` -1: null. */
interface TextRange {
  start: number;
  end: number;
}

/**
 * Makes whole rows of a topic's staged events: derived columns, stamped lookups and the tail after
 * the declared ones, with each row's identity and partition hash; and checks them by the rules.
 */
export class RowFinisher {
  readonly topic: Topic;
  readonly #program: ScanProgram;
  readonly #derived: readonly WriteDerived[];
  readonly #lookups: TopicLookups | undefined;
  readonly #rules: TopicRules | undefined;
  readonly #identity: IdentityHash;
  readonly #key: TextRange = { start: 0, end: 0 };
  readonly #id: TextRange = { start: 0, end: 0 };

  constructor(plan: Plan, program: ScanProgram, secret: Uint8Array, lookups: Lookups) {
    this.topic = program.topic;
    this.#program = program;
    this.#derived = derivedColumns(program.topic);
    this.#lookups = topicLookups(program.topic, lookups);
    this.#rules = topicRules(plan, program.topic);
    this.#identity = identityHash(secret, program.topic.name);
  }

  /** Finishes one staged row; what a rule keeps out leaves no row. */
  finish(stage: Stage, row: number, sink: RowSink, counts: RuleCounts): RuleProblem | undefined {
    const start = stage.startAt[row]!;
    const leavesEnd = stage.leavesEnd[row]!;
    const size = stage.originalEnd[row]! - start;
    const begin = sink.begin(size * 2 + 64 + 2 * (this.#lookups?.count ?? 0));
    let to = copyBytes(sink.view, begin, stage.view, start, leavesEnd);
    for (const write of this.#derived) {
      to = write(stage, row, sink, to);
      sink.begin(to - begin + size + 64);
    }
    if (this.#lookups !== undefined) to = this.#lookups.write(sink.bytes, begin, sink.bytes, to);
    to = this.#tail(stage, row, sink, to);
    // A deletion has no values that a rule could be about.
    const isDeletion = (sink.bytes[begin + ROW_HEAD.flags]! & ROW_FLAGS.deleted) !== 0;
    const problem = isDeletion ? undefined : this.#rules?.check(sink.bytes, begin, counts);
    if (problem !== undefined) return problem;
    this.#hash(stage, row, sink);
    sink.commit(to, stage.time[row]!, this.#partitionHash(stage), row);
    return undefined;
  }

  /** The id of a staged row. */
  idOf(stage: Stage, row: number): string {
    const { start, end } = this.idRange(stage, row);
    return stage.bytes.toString("utf8", start, end);
  }

  /** Where in the stage's bytes a row's id is; the next call changes what this one gave. */
  idRange(stage: Stage, row: number): Readonly<TextRange> {
    textRange(stage, row, this.#program.id, this.#program.leaves, this.#id);
    return this.#id;
  }

  #tail(stage: Stage, row: number, sink: RowSink, at: number): number {
    const original = stage.timeOriginal[row]!;
    let to = at;
    sink.bytes[to++] = Number.isNaN(original) ? 1 : 0;
    if (!Number.isNaN(original)) to = putInt64(sink.view, to, original);
    const leavesEnd = stage.leavesEnd[row]!;
    const undeclaredEnd = stage.undeclaredEnd[row]!;
    to = putNullableText(sink.bytes, to, stage.bytes, leavesEnd, undeclaredEnd);
    return putNullableText(sink.bytes, to, stage.bytes, undeclaredEnd, stage.originalEnd[row]!);
  }

  /** Finds key and id of the row and hashes its identity. */
  #hash(stage: Stage, row: number, sink: RowSink): void {
    const { leaves, id, key } = this.#program;
    const keyRange = this.#key;
    keyRange.start = -1;
    for (let index = 0; index < key.length && keyRange.start === -1; index++) {
      textRange(stage, row, key[index]!, leaves, keyRange);
    }
    textRange(stage, row, id, leaves, this.#id);
    const keyStart = keyRange.start === -1 ? 0 : keyRange.start;
    const keyEnd = keyRange.start === -1 ? 0 : keyRange.end;
    const { start, end } = this.#id;
    this.#identity.hash(stage.bytes, keyStart, keyEnd, start, end, sink.hashes, sink.rows);
  }

  #partitionHash({ bytes }: Stage): number {
    const { start, end } = this.#key.start === -1 ? this.#id : this.#key;
    return murmur2(bytes, start, end);
  }
}

/** Finds the text of a leaf of a staged row; the canonical text of one that isn't a text. */
function textRange(
  stage: Stage,
  row: number,
  leaf: number,
  leaves: readonly Leaf[],
  out: TextRange,
): void {
  const { bytes } = stage;
  let at = stage.columnAt[row * stage.columns + leaf]!;
  const { nullable, type } = leaves[leaf]!;
  if (nullable && bytes[at++] === 1) {
    out.start = -1;
    return;
  }
  if (type.kind !== "string" && type.kind !== "id" && type.kind !== "oneOf") {
    const text = declaredText(stage, at, type);
    stage.reserve(text.length);
    out.start = stage.length;
    out.end = stage.length + stage.bytes.write(text, stage.length, "latin1");
    stage.length = out.end;
    return;
  }
  let length = bytes[at++]!;
  for (let shift = 7; length >= 1 << shift; shift += 7) length += (bytes[at++]! - 1) << shift;
  out.start = at;
  out.end = at + length;
}
