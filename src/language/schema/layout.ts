import { canonicalJson } from "../../core/canonical-json.ts";
import { fingerprint } from "../../core/fingerprint.ts";
import type { Leaf } from "./leaf.ts";
import type { LeafType, ValueType } from "./field-type.ts";

/** How one column of a row is written in RowBinary, and what ClickHouse calls it. */
export type ColumnCodec =
  | "uint8"
  | "uint16"
  | "uint64"
  | "int64"
  | "float64"
  | "bool"
  /** Milliseconds as Int64. */
  | "time"
  /** Unscaled Int64, precision ≤ 18. */
  | "decimal64"
  /** Unscaled Int128, precision ≤ 38. */
  | "decimal128"
  /** LEB128 length, then UTF-8. */
  | "string";

/** Bytes of a value of a codec in a row; of a text 0: its length stands before it. */
export const VALUE_BYTES: Readonly<Record<ColumnCodec, number>> = {
  uint8: 1,
  bool: 1,
  uint16: 2,
  uint64: 8,
  int64: 8,
  float64: 8,
  time: 8,
  decimal64: 8,
  decimal128: 16,
  string: 0,
};

/** Where a column's value comes from. */
export type ColumnRole = "system" | "declared" | "derived" | "lookup";

/** One column of a topic's rows. */
export interface Column {
  /** The column's name in every store: a leaf's dotted path, or a system name. */
  readonly name: string;
  readonly role: ColumnRole;
  readonly codec: ColumnCodec;
  readonly nullable: boolean;
  readonly valueType: ValueType;
  /** Few distinct values: `LowCardinality` in ClickHouse, the same bytes. */
  readonly lowCardinality: boolean;
}

/**
 * The columns of a topic's rows, in the order of their bytes. Every row begins with
 * `_offset u64 · received_at i64 · _partition u16 · _flags u8`, so the log can patch the first
 * three in place.
 */
export interface Layout {
  /** Names the columns and their codecs; equal layouts have equal ids. */
  readonly id: string;
  readonly columns: readonly Column[];
}

/** Bits of `_flags`. */
export const ROW_FLAGS = {
  /** The time was ahead of `received_at` and became it; the original is kept. */
  timeClamped: 1,
  /** The time was corrected by the client's `sent_at`; the original is kept. */
  timeCorrected: 2,
  /** Came by an import: bypasses the stream, enters by amendment. */
  imported: 4,
  /** A clean step changed a field; `_original` has what was sent. */
  cleaned: 8,
  /** Released from quarantine or replayed: enters by amendment. */
  replayed: 16,
  /** No event: says how far time has come, where the log knows records only. */
  heartbeat: 32,
  /** Of a table: from its time on there is no row of its key. */
  deleted: 64,
} as const;

/** Byte positions of the columns at the start of each row. */
export const ROW_HEAD = { offset: 0, receivedAt: 8, partition: 16, flags: 18, bytes: 19 } as const;

const system = (
  name: string,
  codec: ColumnCodec,
  valueType: ValueType,
  nullable = false,
): Column => ({ name, role: "system", codec, nullable, valueType, lowCardinality: false });

const HEAD: readonly Column[] = [
  system("_offset", "uint64", { kind: "integer" }),
  system("received_at", "time", { kind: "timestamp" }),
  system("_partition", "uint16", { kind: "integer" }),
  system("_flags", "uint8", { kind: "integer" }),
];

const TAIL: readonly Column[] = [
  system("_time_original", "time", { kind: "timestamp" }, true),
  system("_undeclared", "string", { kind: "string" }, true),
  system("_original", "string", { kind: "string" }, true),
];

/** The codec of a leaf's type. */
export function codecOf(type: LeafType | ValueType): ColumnCodec {
  switch (type.kind) {
    case "integer":
      return "int64";
    case "float":
      return "float64";
    case "boolean":
      return "bool";
    case "timestamp":
      return "time";
    case "decimal":
      return type.precision <= 18 ? "decimal64" : "decimal128";
    default:
      return "string";
  }
}

/** A column that a definition computes: a derived field or a stamped lookup. */
export interface ComputedColumn {
  readonly name: string;
  readonly role: "derived" | "lookup";
  readonly valueType: ValueType;
  readonly nullable: boolean;
}

const toValueType = (type: LeafType): ValueType =>
  type.kind === "decimal"
    ? { kind: "decimal", precision: type.precision, scale: type.scale }
    : type.kind === "id" || type.kind === "oneOf"
      ? { kind: "string" }
      : { kind: type.kind };

/** The layout of a topic with these leaves and computed columns. */
export function layoutOf(leaves: readonly Leaf[], computed: readonly ComputedColumn[]): Layout {
  const declared = leaves.map((leaf): Column => ({
    name: leaf.path,
    role: "declared",
    codec: codecOf(leaf.type),
    nullable: leaf.nullable,
    valueType: toValueType(leaf.type),
    lowCardinality: leaf.type.kind === "oneOf",
  }));
  const rest = computed.map((column): Column => ({
    ...column,
    codec: codecOf(column.valueType),
    lowCardinality: false,
  }));
  const columns = [...HEAD, ...declared, ...rest, ...TAIL];
  return { id: fingerprint(canonicalJson(columns)), columns };
}

const CLICKHOUSE_TYPES: Record<Exclude<ColumnCodec, "decimal64" | "decimal128">, string> = {
  uint8: "UInt8",
  uint16: "UInt16",
  uint64: "UInt64",
  int64: "Int64",
  float64: "Float64",
  bool: "Bool",
  time: "DateTime64(3, 'UTC')",
  string: "String",
};

/** With fewer digits ClickHouse takes 32 bits for a decimal, and reads 4 bytes where a row has 8. */
const DECIMAL64_DIGITS_MIN = 10;

/** What ClickHouse calls a column's type, such as `Nullable(Decimal(18, 4))`. */
export function clickhouseType(column: Column): string {
  const { codec, valueType } = column;
  const plain =
    codec === "decimal64" || codec === "decimal128"
      ? valueType.kind === "decimal"
        ? `Decimal(${Math.max(valueType.precision, DECIMAL64_DIGITS_MIN)}, ${valueType.scale})`
        : "Decimal(38, 0)"
      : CLICKHOUSE_TYPES[codec];
  const nullable = column.nullable ? `Nullable(${plain})` : plain;
  return column.lowCardinality ? `LowCardinality(${nullable})` : nullable;
}
