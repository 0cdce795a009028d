import { type Column, type ColumnCodec, type Layout, VALUE_BYTES } from "../../schema/layout.ts";

/**
 * Code that walks one row from `p` in `bytes` and leaves, for each wanted column `i`, where its
 * value begins in `p<i>` (-1: null) and, of a text, its length in `n<i>`. A RowBinary row has no
 * length of its own, so the walk goes on to the last column; texts are skipped by their lengths.
 */
export function walkerCode(layout: Layout, wanted: ReadonlySet<number>): string {
  const lines: string[] = [];
  let pending = 0; // bytes to step over before the next variable part
  const flush = (): void => {
    if (pending > 0) lines.push(`p += ${pending};`);
    pending = 0;
  };
  for (const [index, column] of layout.columns.entries()) {
    const isWanted = wanted.has(index);
    if (column.codec !== "string" && !column.nullable) {
      if (isWanted) lines.push(`p${index} = p + ${pending};`);
      pending += VALUE_BYTES[column.codec];
      continue;
    }
    flush();
    lines.push(variableColumn(index, column, isWanted));
  }
  flush();
  return lines.join("\n");
}

function variableColumn(index: number, column: Column, wanted: boolean): string {
  const value = column.codec === "string" ? text(index, wanted) : fixed(index, column, wanted);
  if (!column.nullable) return value;
  const isNull = wanted ? ` else p${index} = -1;` : "";
  return `if (bytes[p++] === 0) { ${value} }${isNull}`;
}

const text = (index: number, wanted: boolean): string =>
  "n = bytes[p++]; if (n > 127) { n &= 127; s = 7; do { b = bytes[p++]; n |= (b & 127) << s; s += 7; } while (b > 127); }" +
  (wanted ? ` p${index} = p; n${index} = n;` : "") +
  " p += n;";

function fixed(index: number, column: Column, wanted: boolean): string {
  const bytes = VALUE_BYTES[column.codec];
  return `${wanted ? `p${index} = p; ` : ""}p += ${bytes};`;
}

/** Code of an expression that reads the value of a fixed-width column at `at`. */
export function readCode(codec: Exclude<ColumnCodec, "string">, at: string): string {
  switch (codec) {
    case "uint8":
      return `BigInt(bytes[${at}])`;
    case "uint16":
      return `BigInt(view.getUint16(${at}, true))`;
    case "uint64":
      return `view.getBigUint64(${at}, true)`;
    case "int64":
    case "decimal64":
      return `view.getBigInt64(${at}, true)`;
    case "decimal128":
      return `((view.getBigInt64(${at} + 8, true) << 64n) | view.getBigUint64(${at}, true))`;
    case "float64":
      return `view.getFloat64(${at}, true)`;
    case "bool":
      return `(bytes[${at}] !== 0)`;
    case "time":
      return `(view.getInt32(${at} + 4, true) * 4294967296 + view.getUint32(${at}, true))`;
  }
}
