import { formatDecimal } from "../../../core/decimal.ts";
import type { Expression } from "../../plan/expression.ts";
import { keyPart } from "../../plan/metric-row.ts";
import type { Value } from "../../plan/value.ts";
import { ROW_HEAD, type Layout } from "../../schema/layout.ts";
import { compareTexts } from "./compare-texts.ts";
import { ExpressionCode, type ExpressionCodeOptions } from "./expression-code.ts";
import { GroupKey, GroupKeys } from "./group-key.ts";
import { groupOf, quotedOf, TextCache, UNCACHED } from "./text-cache.ts";
import { readCode, walkerCode } from "./walker-code.ts";

/**
 * A compiled reader of one layout's rows: `run` walks a row once, then the getters give the values
 * of that row. Columns are decoded when first asked for. Not reentrant; one per thread and use.
 */
export interface RowProgram {
  /** Makes the row at `start` the current one; gives where the next one begins. */
  run(rows: Uint8Array, start: number): number;
  /** Value of expression `index` over the current row. */
  value(index: number): Value;
  /** The same as functions, for loops that shouldn't pay for the index. */
  readonly values: readonly (() => Value)[];
  /**
   * Per expression, where its text is; undefined when it isn't a column with a text, or the first
   * of several that isn't null.
   */
  readonly texts: readonly (TextRange | undefined)[];
  /** `metricKey` of each list of dimensions over the current row, computed once a row. */
  readonly keys: readonly (() => GroupKey)[];
  /** Of the current row. */
  offset(): number;
  receivedAt(): number;
  flags(): number;
}

/** Whether a text of the current row isn't null, and if so where its bytes are. */
export interface TextRange {
  find(): boolean;
  start(): number;
  end(): number;
}

export interface RowProgramOptions extends ExpressionCodeOptions {
  /** Lists of dimensions whose canonical keys are wanted. */
  readonly keys?: readonly (readonly Expression[])[];
  /** Texts that were read are kept for when they come again (default), or not. */
  readonly texts?: "kept" | "fresh";
}

/**
 * Compiles expressions over rows of a layout. Throws `DEFINITION_INVALID` for a field that the
 * layout lacks, `UNSUPPORTED_BY_ENGINE` for what only the door or a model can evaluate.
 */
export function compileRows(
  layout: Layout,
  expressions: readonly Expression[],
  options: RowProgramOptions = {},
): RowProgram {
  const code = new ExpressionCode(layout, options);
  const values = expressions.map((each) => `() => ${code.value(each)}`);
  const keys = (options.keys ?? []).map((each) => `() => ${code.key(each)}`);
  const texts = expressions.map((each) => textRangeCode(layout, code, each));
  const body = programCode(layout, code, values, keys, texts);
  const cache = (): Pick<TextCache, "read"> =>
    options.texts === "fresh" ? UNCACHED : new TextCache();
  const helpers = {
    outside: code.outsideGetters,
    caches: layout.columns.map((_, index) => (code.texts.has(index) ? cache() : undefined)),
    compareTexts,
    groupOf,
    GroupKey,
    groups: new GroupKeys(),
    quotedOf,
    keyPart,
    toFloat: (value: bigint, scale: number): number => Number(formatDecimal(value, scale)),
  };
  // The code is made of column numbers and JSON literals only; no text of a definition is code.
  const make = new Function("helpers", body) as (using: typeof helpers) => RowProgram;
  return make(helpers);
}

function programCode(
  layout: Layout,
  code: ExpressionCode,
  values: readonly string[],
  keys: readonly string[],
  texts: readonly string[],
): string {
  const wanted = [...code.columns];
  const declarations = wanted.map((index) => {
    const length = code.texts.has(index) ? `, n${index} = 0` : "";
    return `let p${index} = 0, v${index} = null, m${index} = -1${length};`;
  });
  return `"use strict";
const { outside, caches, compareTexts, groupOf, GroupKey, groups, quotedOf, keyPart, toFloat } = helpers;
let bytes = new Uint8Array(0), view = new DataView(bytes.buffer), row = 0, begin = 0;
${declarations.join("\n")}
${wanted.map((index) => columnCode(layout, index)).join("\n")}
${code.functions}
function run(rows, start) {
  if (rows !== bytes) { bytes = rows; view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength); }
  row = (row + 1) & 0x3fffffff;
  begin = start;
  let p = start, n = 0, s = 0, b = 0;
${walkerCode(layout, new Set(wanted))}
  return p;
}
const values = [${values.join(", ")}];
return {
  run, values, keys: [${keys.join(", ")}], texts: [${texts.join(", ")}],
  value: (index) => values[index](),
  offset: () => view.getUint32(begin + ${ROW_HEAD.offset + 4}, true) * 4294967296 + view.getUint32(begin + ${ROW_HEAD.offset}, true),
  receivedAt: () => view.getInt32(begin + ${ROW_HEAD.receivedAt + 4}, true) * 4294967296 + view.getUint32(begin + ${ROW_HEAD.receivedAt}, true),
  flags: () => bytes[begin + ${ROW_HEAD.flags}],
};`;
}

function textRangeCode(layout: Layout, code: ExpressionCode, expression: Expression): string {
  const fields = expression.kind === "coalesce" ? expression.args : [expression];
  const indices = fields.map((field) =>
    field.kind === "field" && code.cachedText(field) !== undefined
      ? layout.columns.findIndex((column) => column.name === field.path)
      : -1,
  );
  if (indices.includes(-1)) return "undefined";
  const first = (of: (index: number) => string): string =>
    indices
      .slice(0, -1)
      .map((index) => `p${index} >= 0 ? ${of(index)} : `)
      .join("") + of(indices.at(-1)!);
  const start = first((index) => `p${index}`);
  return `{ find: () => (${start}) >= 0, start: () => ${start}, end: () => ${first((index) => `p${index} + n${index}`)} }`;
}

/** Functions that give a column's value of the current row, decoded once a row. */
function columnCode(layout: Layout, index: number): string {
  const { codec } = layout.columns[index]!;
  const memo = `if (m${index} === row) return v${index}; m${index} = row;`;
  if (codec === "string") {
    return `const x${index} = caches[${index}];
function t${index}() { ${memo} return v${index} = p${index} < 0 ? null : x${index}.read(bytes, view, p${index}, n${index}); }
function c${index}() { const t = t${index}(); return t === null ? null : t.text; }`;
  }
  const read = readCode(codec, `p${index}`);
  return `function c${index}() { ${memo} return v${index} = p${index} < 0 ? null : ${read}; }`;
}
