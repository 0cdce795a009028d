import { EngineError } from "./engine-error.ts";

/** First revision of ClickHouse's protocol in which a column tells how it is serialised. */
const CUSTOM_SERIALIZATION_REVISION = 54_454;

/** Field 1 `is_overflows` = 0, field 2 `bucket_num` = -1, end: what a block of a result says. */
const BLOCK_INFO = Uint8Array.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
const NOT_CUSTOM = Uint8Array.from([0]);

/**
 * A result in format Native as the engine writes it, for clients that send
 * `client_protocol_version` and expect the blocks of ClickHouse's TCP protocol (the Go driver, and
 * with it Grafana's plug-in): each block begins with its info, and a byte after each column's type
 * says that the usual serialisation follows. The engine in process can't be asked for it, so the
 * bytes are cut between columns and put together anew. Throws `EngineError` 48 for a column whose
 * end can't be told (Variant, Dynamic, JSON, states of aggregate functions).
 */
export function blocksForRevision(bytes: Uint8Array, revision: number): Uint8Array {
  if (revision <= 0) return bytes;
  const reader = new NativeReader(bytes);
  const pieces: Uint8Array[] = [];
  while (!reader.ended) {
    const start = reader.at;
    const columns = reader.varint();
    const rows = reader.varint();
    pieces.push(BLOCK_INFO, bytes.subarray(start, reader.at));
    for (let column = 0; column < columns; column++) {
      const from = reader.at;
      reader.skip(reader.varint());
      const type = parseType(reader.text());
      pieces.push(bytes.subarray(from, reader.at));
      if (revision >= CUSTOM_SERIALIZATION_REVISION) pieces.push(NOT_CUSTOM);
      const data = reader.at;
      if (rows > 0) {
        skipPrefix(reader, type);
        skipColumn(reader, type, rows);
      }
      pieces.push(bytes.subarray(data, reader.at));
    }
  }
  return Buffer.concat(pieces);
}

/** A type's name and its arguments, those again types where the type is made of types. */
interface NativeType {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly inner: readonly NativeType[];
}

const MADE_OF_TYPES = new Set(["Nullable", "Array", "Map", "Tuple", "Nested", "LowCardinality"]);

/** Geometric types are names for these. */
const ALIASES: Readonly<Record<string, string>> = {
  Point: "Tuple(Float64, Float64)",
  Ring: "Array(Tuple(Float64, Float64))",
  LineString: "Array(Tuple(Float64, Float64))",
  Polygon: "Array(Array(Tuple(Float64, Float64)))",
  MultiLineString: "Array(Array(Tuple(Float64, Float64)))",
  MultiPolygon: "Array(Array(Array(Tuple(Float64, Float64))))",
};

function parseType(text: string): NativeType {
  const open = text.indexOf("(");
  const name = open < 0 ? text : text.slice(0, open);
  const alias = ALIASES[name];
  if (alias !== undefined) return parseType(alias);
  const parts = open < 0 ? [] : topLevelParts(text.slice(open + 1, -1));
  if (name === "SimpleAggregateFunction") return parseType(parts[1] ?? "");
  const inner = MADE_OF_TYPES.has(name) ? parts.map((part) => parseType(withoutName(part))) : [];
  return { name, arguments: parts, inner };
}

/** Splits at commas that stand in no bracket and no quotes. */
function topLevelParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "'" || character === "`") at = quoteEnd(text, at, character);
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  if (text.trim() !== "") parts.push(text.slice(from).trim());
  return parts;
}

function quoteEnd(text: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** The type of a tuple's element, which may have a name before it: `a UInt8`, `` `a b` UInt8 ``. */
function withoutName(part: string): string {
  const end = part.startsWith("`") ? quoteEnd(part, 0, "`") + 1 : part.search(/[ (]/);
  return end > 0 && part[end] === " " ? part.slice(end + 1) : part;
}

const WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  Int8: 1,
  UInt8: 1,
  Enum8: 1,
  Nothing: 1,
  Int16: 2,
  UInt16: 2,
  Enum16: 2,
  Date: 2,
  BFloat16: 2,
  Int32: 4,
  UInt32: 4,
  Float32: 4,
  Date32: 4,
  DateTime: 4,
  Time: 4,
  IPv4: 4,
  Decimal32: 4,
  Int64: 8,
  UInt64: 8,
  Float64: 8,
  DateTime64: 8,
  Time64: 8,
  Decimal64: 8,
  Int128: 16,
  UInt128: 16,
  UUID: 16,
  IPv6: 16,
  Decimal128: 16,
  Int256: 32,
  UInt256: 32,
  Decimal256: 32,
};

function widthOf(type: NativeType): number | undefined {
  if (type.name === "FixedString") return Number(type.arguments[0]);
  if (type.name.startsWith("Interval")) return 8;
  if (type.name !== "Decimal") return WIDTHS[type.name];
  const precision = Number(type.arguments[0]);
  return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32;
}

/** What stands before all data of a column: the version of each dictionary in it. */
function skipPrefix(reader: NativeReader, type: NativeType): void {
  if (type.name === "LowCardinality") reader.skip(8);
  else for (const inner of type.inner) skipPrefix(reader, inner);
}

function skipColumn(reader: NativeReader, type: NativeType, rows: number): void {
  const width = widthOf(type);
  const [first] = type.inner;
  if (width !== undefined) reader.skip(width * rows);
  else if (type.name === "String")
    for (let row = 0; row < rows; row++) reader.skip(reader.varint());
  else if (type.name === "Tuple" && first === undefined) reader.skip(rows);
  else if (type.name === "Tuple") for (const inner of type.inner) skipColumn(reader, inner, rows);
  else if (first === undefined) refuse(type);
  else if (type.name === "Nullable") {
    reader.skip(rows);
    skipColumn(reader, first, rows);
  } else if (type.name === "LowCardinality") skipLowCardinality(reader, first, rows);
  else skipElements(reader, type, rows);
}

/** Array, Map and Nested: the end of each row's elements, then all elements. */
function skipElements(reader: NativeReader, type: NativeType, rows: number): void {
  if (rows === 0) return;
  reader.skip(8 * (rows - 1));
  const count = reader.uint64();
  for (const inner of type.inner) skipColumn(reader, inner, count);
}

/** Flags with the width of an index, the dictionary's keys, then an index a row. */
function skipLowCardinality(reader: NativeReader, inner: NativeType, rows: number): void {
  if (rows === 0) return;
  const flags = reader.uint64();
  const keys = inner.name === "Nullable" ? (inner.inner[0] ?? inner) : inner;
  skipColumn(reader, keys, reader.uint64());
  reader.skip(reader.uint64() * 2 ** (flags & 0xff));
}

function refuse(type: NativeType): never {
  throw EngineError.of(
    48,
    "NOT_IMPLEMENTED",
    `A column of type ${type.name} can't be given in format Native here: cast it to String`,
  );
}

class NativeReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.#bytes.length) {
      throw EngineError.of(33, "CANNOT_READ_ALL_DATA", "A Native block ends too early");
    }
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at];
      this.skip(1);
      value += ((byte ?? 0) & 0x7f) * scale;
      if ((byte ?? 0) < 0x80) return value;
    }
  }

  uint64(): number {
    const from = this.at;
    this.skip(8);
    return Number(this.#view.getBigUint64(from, true));
  }

  text(): string {
    const length = this.varint();
    const from = this.at;
    this.skip(length);
    return Buffer.from(this.#bytes.subarray(from, this.at)).toString("utf8");
  }
}
