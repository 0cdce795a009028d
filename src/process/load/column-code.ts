import { copyBytes } from "../../core/copy-bytes.ts";
import { type Column, type Layout, VALUE_BYTES } from "../../language/schema/layout.ts";

/** Where values of columns are put, each array by column. */
export interface ColumnTargets {
  /** A byte a row, 1 for null; empty for a column that can't be null. */
  readonly nulls: Uint8Array[];
  /** Long enough for as many rows as the block may have; of texts `grow` makes more room. */
  readonly values: Uint8Array[];
  readonly views: DataView[];
  /** Where the next value goes. */
  readonly ends: number[];
  rows: number;
  /** Makes room for so many bytes of a column of texts. */
  grow(column: number, bytes: number): void;
}

/**
 * Takes rows that begin in `[at, stop)` of `bytes`, up to `rowsMax` in the targets; gives where it
 * stopped.
 */
export type TakeRows = (
  targets: ColumnTargets,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  stop: number,
  rowsMax: number,
) => number;

/** Code is made, and optimised by V8, once for a layout. */
const compiled = new WeakMap<Layout, TakeRows>();

/** The function that takes rows of a layout apart. */
export function takeRowsOf(layout: Layout): TakeRows {
  const known = compiled.get(layout);
  if (known !== undefined) return known;
  const made = compileTakeRows(layout);
  compiled.set(layout, made);
  return made;
}

/**
 * Makes the function, each column's code written out: a loop over
 * columns would take nearly twice as long. (V8 optimises functions up to 60 KB of its bytecode, which is
 * some 400 columns; beyond, this is slower.)
 */
function compileTakeRows(layout: Layout): TakeRows {
  const { columns } = layout;
  const each = (code: (column: Column, at: number) => string): string =>
    columns.map(code).join("\n");
  const source = `"use strict";
return function takeRows(targets, bytes, view, start, stop, rowsMax) {
let at = start, row = targets.rows, end = 0;
${each(declarations)}
for (; at < stop && row < rowsMax; row++) {
${each(takeValue)}
}
${each((_, c) => `targets.ends[${c}] = to${c};`)}
targets.rows = row;
return at;
};`;
  // oxlint-disable-next-line no-implied-eval -- only numbers and the texts of this file go into it
  return new Function("copyBytes", "textEnd", source)(copyBytes, textEnd) as TakeRows;
}

const declarations = (column: Column, c: number): string =>
  [
    `let values${c} = targets.values[${c}], view${c} = targets.views[${c}], to${c} = targets.ends[${c}];`,
    column.nullable ? `const nulls${c} = targets.nulls[${c}];` : "",
  ].join(" ");

function takeValue(column: Column, c: number): string {
  const isText = column.codec === "string";
  const value = isText ? takeText(c) : takeFixed(c, VALUE_BYTES[column.codec]);
  if (!column.nullable) return `{ ${value} }`;
  const zero = isText
    ? `if (to${c} >= values${c}.length) { ${grow(c, "1")} } values${c}[to${c}++] = 0;`
    : putZero(c, VALUE_BYTES[column.codec]);
  return `if ((nulls${c}[row] = bytes[at++]) === 0) { ${value} } else { ${zero} }`;
}

const takeText = (c: number): string => `
end = bytes[at] < 128 ? at + 1 + bytes[at] : textEnd(bytes, at);
if (to${c} + end - at > values${c}.length) { ${grow(c, "end - at")} }
copyBytes(view${c}, to${c}, view, at, end);
to${c} += end - at; at = end;`;

const grow = (c: number, bytes: string): string =>
  `targets.ends[${c}] = to${c}; targets.grow(${c}, ${bytes}); values${c} = targets.values[${c}]; view${c} = targets.views[${c}];`;

function takeFixed(c: number, width: number): string {
  if (width === 1) return `values${c}[to${c}++] = bytes[at++];`;
  const words = wordsOf(width).map(
    ({ at, get, set }) => `view${c}.${set}(to${c} + ${at}, view.${get}(at + ${at}, true), true);`,
  );
  return `${words.join(" ")} to${c} += ${width}; at += ${width};`;
}

function putZero(c: number, width: number): string {
  if (width === 1) return `values${c}[to${c}++] = 0;`;
  const words = wordsOf(width).map(
    ({ at, set, zero }) => `view${c}.${set}(to${c} + ${at}, ${zero}, true);`,
  );
  return `${words.join(" ")} to${c} += ${width};`;
}

const WORD = { get: "getBigInt64", set: "setBigInt64", zero: "0n" } as const;
const HALF_WORD = { get: "getUint16", set: "setUint16", zero: "0" } as const;

const wordsOf = (width: number) =>
  width === 2
    ? [{ at: 0, ...HALF_WORD }]
    : Array.from({ length: width / 8 }, (_, word) => ({ at: word * 8, ...WORD }));

/** Where the text ends whose length, in LEB128, begins at `at`. */
function textEnd(bytes: Uint8Array, at: number): number {
  let here = at;
  let length = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[here++]!;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return here + length;
  }
}
