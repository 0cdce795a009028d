import type { LeafType } from "../../language/schema/field-type.ts";
import type { Leaf } from "../../language/schema/leaf.ts";
import type { Topic } from "../../language/plan/topic.ts";
import { ByteTable } from "./byte-table.ts";

/** How the fast path writes one leaf. */
export const CODE = {
  string: 0,
  id: 1,
  oneOf: 2,
  integer: 3,
  decimal64: 4,
  decimal128: 5,
  float: 6,
  boolean: 7,
  time: 8,
} as const;

export type Code = (typeof CODE)[keyof typeof CODE];

/** What the bytes of a string must not hold so that its clean steps change nothing. */
export const UNCLEAN = { edgeSpace: 1, upper: 2, lower: 4, beyondAscii: 8 } as const;

/** One object of a declared tree: which key leads to which leaf or record. */
export interface RecordProgram {
  readonly name: string;
  readonly keys: ByteTable;
  /** By index in `keys`: a leaf's index, or `-1 - index` of a record. */
  readonly targets: Int16Array;
  /** The same by name. */
  readonly byName: ReadonlyMap<string, number>;
  readonly depth: number;
  /** The record's dotted path and a dot; empty for the event itself. */
  readonly prefix: string;
}

/** A topic's tree of fields as tables for the fast path, and its leaves for the exact one. */
export interface ScanProgram {
  readonly topic: Topic;
  readonly leaves: readonly Leaf[];
  readonly records: readonly RecordProgram[];
  readonly codes: Uint8Array;
  readonly nullable: Uint8Array;
  /** 1 for texts that are copied as they are, whatever they hold. */
  readonly plainText: Uint8Array;
  /** Bits of `UNCLEAN`, by leaf. */
  readonly unclean: Uint8Array;
  /** 1 where an absent leaf is null: no clean step gives it a value. */
  readonly maybeAbsent: Uint8Array;
  readonly precisions: readonly number[];
  readonly scales: readonly number[];
  readonly oneOfs: readonly (ByteTable | undefined)[];
  readonly undeclared: "keep" | "drop" | "refuse";
  /** Index of the leaf of the event time, and of the id. */
  readonly time: number;
  readonly id: number;
  /** Indices of the leaves whose first non-null value is the key. */
  readonly key: readonly number[];
  /** Missing ids and times are filled in at the door (tables). */
  readonly fills: boolean;
  /** Whether a top-level `sent_at` is the client's clock and not a field. */
  readonly takesSentAt: boolean;
  /** Most bytes that the leaves take beside the bytes of their strings. */
  readonly fixedBytes: number;
}

/** The key by which a client says when it sent an event, where it isn't declared. */
export const SENT_AT = "sent_at";

export function scanProgram(topic: Topic): ScanProgram {
  const { leaves, node } = topic;
  const indexOf = (path: string): number => leaves.findIndex((leaf) => leaf.path === path);
  const takesSentAt = indexOf(SENT_AT) === -1 && !leaves.some((l) => l.path.startsWith("sent_at."));
  return {
    topic,
    leaves,
    records: recordPrograms(leaves),
    codes: Uint8Array.from(leaves, (leaf) => codeOf(leaf.type)),
    nullable: Uint8Array.from(leaves, (leaf) => (leaf.nullable ? 1 : 0)),
    plainText: Uint8Array.from(leaves, (leaf) =>
      leaf.type.kind === "string" && uncleanOf(leaf) === 0 ? 1 : 0,
    ),
    unclean: Uint8Array.from(leaves, uncleanOf),
    maybeAbsent: Uint8Array.from(leaves, ({ nullable, clean }) =>
      nullable && !clean.some(({ kind }) => kind === "default") ? 1 : 0,
    ),
    precisions: leaves.map(({ type }) => (type.kind === "decimal" ? type.precision : 19)),
    scales: leaves.map(({ type }) => (type.kind === "decimal" ? type.scale : 0)),
    oneOfs: leaves.map(({ type }) =>
      type.kind === "oneOf" ? new ByteTable(type.values) : undefined,
    ),
    undeclared: node.kind === "event" ? node.undeclared : "keep",
    time: indexOf(topic.time),
    id: indexOf(topic.id),
    key: topic.key.map(indexOf).filter((index) => index >= 0),
    fills: node.kind === "table",
    takesSentAt,
    fixedBytes: 64 + leaves.length * 24,
  };
}

function codeOf(type: LeafType): Code {
  if (type.kind === "decimal") return type.precision <= 18 ? CODE.decimal64 : CODE.decimal128;
  return type.kind === "timestamp" ? CODE.time : CODE[type.kind];
}

function uncleanOf(leaf: Leaf): number {
  let bits = 0;
  for (const { kind } of leaf.clean) {
    if (kind === "trim") bits |= UNCLEAN.edgeSpace | UNCLEAN.beyondAscii;
    if (kind === "lowercase") bits |= UNCLEAN.upper | UNCLEAN.beyondAscii;
    if (kind === "uppercase") bits |= UNCLEAN.lower | UNCLEAN.beyondAscii;
    if (kind === "nfc") bits |= UNCLEAN.beyondAscii;
  }
  return bits;
}

/** The records of dotted paths, the top one first. */
function recordPrograms(leaves: readonly Leaf[]): readonly RecordProgram[] {
  const members = new Map<string, Map<string, number>>([["", new Map()]]);
  const prefixes: string[] = [""];
  for (const [index, { path }] of leaves.entries()) {
    const names = path.split(".");
    let prefix = "";
    for (const [depth, name] of names.entries()) {
      const record = members.get(prefix)!;
      if (depth === names.length - 1) record.set(name, index);
      else {
        prefix = prefix === "" ? name : `${prefix}.${name}`;
        if (!members.has(prefix)) {
          record.set(name, -1 - prefixes.length);
          members.set(prefix, new Map());
          prefixes.push(prefix);
        }
      }
    }
  }
  return prefixes.map((prefix): RecordProgram => {
    const record = members.get(prefix)!;
    return {
      name: prefix.slice(prefix.lastIndexOf(".") + 1),
      keys: new ByteTable([...record.keys()]),
      targets: Int16Array.from(record.values()),
      byName: record,
      prefix: prefix === "" ? "" : `${prefix}.`,
      depth: prefix === "" ? 0 : prefix.split(".").length,
    };
  });
}
