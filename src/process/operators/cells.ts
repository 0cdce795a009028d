import type { Json } from "../../core/canonical-json.ts";
import type { Component } from "../../language/plan/measure.ts";
import type { Value } from "../../language/plan/value.ts";
import type { ValueType } from "../../language/schema/field-type.ts";
import { addDistinct, countDistinct, distinctValues, type DistinctCell } from "./distinct-cell.ts";
import type { TextWriter } from "./text-writer.ts";

/** What a group keeps of one component. */
export type Cell = number | DistinctCell;

/** A cell's value as a row has it. */
export interface CellValue {
  readonly value: Value;
  /** Too many distinct values, or an amount that doesn't fit its type. */
  readonly incomplete: boolean;
}

/**
 * How one kind of component is kept. `add` and `merge` are commutative and associative, so a
 * group's value depends on the set of its events alone, not on their order. They may change the
 * first cell in place, and give it back; never the second.
 */
export interface CellKind {
  zero(): Cell;
  /** Takes one event's value; of a count, anything. */
  add(cell: Cell, value: Value): Cell;
  merge(into: Cell, from: Cell): Cell;
  read(cell: Cell): CellValue;
  /** Writes it as JSON. */
  encode(cell: Cell, writer: TextWriter): void;
  decode(json: Json): Cell;
}

/** The kind of a component's cells. */
export function cellKind({ aggregate, type }: Component): CellKind {
  switch (aggregate.kind) {
    case "count":
      return COUNT;
    case "sum":
      return sumKind(type);
    case "min":
      return extremeKind(type, (left, right) => left < right);
    case "max":
      return extremeKind(type, (left, right) => left > right);
    case "countDistinct":
      return distinctKind(aggregate.limit);
  }
}

const COUNT: CellKind = {
  zero: () => 0,
  add: (cell) => (cell as number) + 1,
  merge: (into, from) => (into as number) + (from as number),
  read: (cell) => ({ value: BigInt(cell as number), incomplete: false }),
  encode: (cell, writer) => void writer.number(cell as number),
  decode: (json) => json as number,
};

/**
 * The exact sum, unbounded while it is kept: whether it fits is asked of the whole when it is read,
 * so an intermediate sum beyond the type does no harm and order does not matter.
 */
const sumKind = (type: ValueType): CellKind => ({
  zero: () => null,
  add: (cell, value) => plus(cell as bigint | null, value as bigint | null),
  merge: (into, from) => plus(into as bigint | null, from as bigint | null),
  read: (cell) => fitted(cell as Value, type),
  encode: encodeExact,
  decode: decodeExact(type),
});

const plus = (left: bigint | null, right: bigint | null): bigint | null =>
  right === null ? left : left === null ? right : left + right;

const extremeKind = (
  type: ValueType,
  beats: (left: bigint | number, right: bigint | number) => boolean,
): CellKind => {
  const pick = (cell: Cell, value: Cell | Value): Cell =>
    value === null || (cell !== null && !beats(value as number, cell as number))
      ? cell
      : (value as Cell);
  return {
    zero: () => null,
    add: pick,
    merge: pick,
    read: (cell) => fitted(cell as Value, type),
    encode: encodeExact,
    decode: decodeExact(type),
  };
};

const distinctKind = (limit: number): CellKind => ({
  zero: () => null,
  add: (cell, value) =>
    value === null ? cell : addDistinct(cell as DistinctCell, value as string | bigint, limit),
  merge: (into, from) => {
    if (from === undefined) return undefined;
    let merged = into as DistinctCell;
    for (const value of distinctValues(from as DistinctCell)) {
      merged = addDistinct(merged, value, limit);
    }
    return merged;
  },
  read: (cell) => ({
    value: BigInt(countDistinct(cell as DistinctCell, limit)),
    incomplete: cell === undefined,
  }),
  encode: (cell, writer) => encodeDistinct(cell as DistinctCell, writer),
  decode: (json) => decodeDistinct(json, limit),
});

/** Texts as text, whole numbers as `[text]`; null when the limit was exceeded. */
function encodeDistinct(cell: DistinctCell, writer: TextWriter): void {
  if (cell === undefined) {
    writer.text("null");
    return;
  }
  writer.text("[");
  if (cell !== null && typeof cell !== "object") encodeValue(cell, writer);
  else if (cell !== null) {
    let isFirst = true;
    for (const value of cell) {
      if (!isFirst) writer.text(",");
      isFirst = false;
      encodeValue(value, writer);
    }
  }
  writer.text("]");
}

function encodeValue(value: string | bigint, writer: TextWriter): void {
  if (typeof value === "string") writer.quoted(value);
  else writer.text("[").quoted(String(value)).text("]");
}

function decodeDistinct(json: Json, limit: number): DistinctCell {
  if (json === null) return undefined;
  let cell: DistinctCell = null;
  for (const each of json as Json[]) {
    cell = addDistinct(
      cell,
      Array.isArray(each) ? BigInt(each[0] as string) : (each as string),
      limit,
    );
  }
  return cell;
}

const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL38_MAX = 10n ** 38n - 1n;

/** A value that its type can hold; otherwise null, and the row is incomplete: never wrapped. */
function fitted(value: Value, type: ValueType): CellValue {
  if (typeof value !== "bigint") return { value, incomplete: false };
  const fits =
    type.kind === "decimal"
      ? value <= DECIMAL38_MAX && value >= -DECIMAL38_MAX
      : value <= INT64_MAX && value >= -INT64_MAX - 1n;
  return fits ? { value, incomplete: false } : { value: null, incomplete: true };
}

function encodeExact(cell: Cell, writer: TextWriter): void {
  if (typeof cell === "bigint") writer.quoted(String(cell));
  else if (cell === null) writer.text("null");
  else writer.number(cell as number);
}

const decodeExact =
  (type: ValueType) =>
  (json: Json): Cell =>
    json === null
      ? null
      : type.kind === "integer" || type.kind === "decimal"
        ? BigInt(json as string)
        : (json as number);
