import { compileRows, type RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { Expression } from "../../language/plan/expression.ts";
import type { EventNode } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Value } from "../../language/plan/value.ts";
import type { Column, Layout } from "../../language/schema/layout.ts";
import type { Stage } from "../scan/stage.ts";
import { FUNCTIONS } from "./functions.ts";
import { putNullableText, putValue, valueRoom, type RowSink } from "./row-sink.ts";
import { callIndex, splitCalls, type Call } from "./split-calls.ts";
import { urlHost, urlPath } from "./url-parts.ts";

/** Writes one derived column of a staged row; gives the position after it. */
export type WriteDerived = (stage: Stage, row: number, sink: RowSink, at: number) => number;

/** The columns of a layout before its derived ones: what a staged row has. */
export const declaredLayout = (layout: Layout): Layout => {
  const first = layout.columns.findIndex(
    (column) => column.role === "derived" || column.role === "lookup" || column.name === TAIL,
  );
  return { id: `${layout.id}:declared`, columns: layout.columns.slice(0, first) };
};
const TAIL = "_time_original";

/** A writer for each derived column of a topic, in the order of its layout. */
export function derivedColumns(topic: Topic): readonly WriteDerived[] {
  const derived = (topic.node as Partial<EventNode>).derived ?? [];
  return derived.map(({ name, value }) => {
    const column = topic.layout.columns.find((each) => each.name === name)!;
    return urlColumn(topic, value) ?? valueColumn(topic, column, value);
  });
}

/** The path or host of a text field, straight from its bytes. */
function urlColumn(topic: Topic, expression: Expression): WriteDerived | undefined {
  if (expression.kind !== "call" || (expression.fn !== "path" && expression.fn !== "host")) {
    return undefined;
  }
  const [url] = expression.args;
  if (url?.kind !== "field") return undefined;
  const leaf = topic.leaves.findIndex((each) => each.path === url.path);
  if (leaf === -1) return undefined;
  const { nullable } = topic.leaves[leaf]!;
  const isPath = expression.fn === "path";
  const range = { start: 0, end: 0 };
  return (stage, row, sink, at) => {
    const { bytes } = stage;
    let from = stage.columnAt[row * stage.columns + leaf]!;
    const isNull = nullable && bytes[from++] === 1;
    if (isNull) return putNullableText(sink.bytes, at, bytes, 0, 0);
    let length = bytes[from++]!;
    for (let shift = 7; length >= 1 << shift; shift += 7) {
      length += (bytes[from++]! - 1) << shift;
    }
    const found = (isPath ? urlPath : urlHost)(bytes, from, from + length, range);
    if (!found) return putNullableText(sink.bytes, at, bytes, 0, 0);
    if (range.start === range.end) return putNullableText(sink.bytes, at, ROOT, 0, 1);
    const end = putNullableText(sink.bytes, at, bytes, range.start, range.end);
    if (!isPath) lowerAscii(sink.bytes, end - (range.end - range.start), end);
    return end;
  };
}

const ROOT = Buffer.from("/");

function lowerAscii(bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= 65 && byte <= 90) bytes[at] = byte | 32;
  }
}

/** Any other derived value, by way of JavaScript values. */
function valueColumn(topic: Topic, column: Column, expression: Expression): WriteDerived {
  const evaluate = derivedValue(declaredLayout(topic.layout), expression);
  return (stage, row, sink, at) => {
    const value = evaluate(stage.bytes, stage.startAt[row]!);
    sink.begin(at - sink.length + valueRoom(value) + 64);
    return putValue(sink, at, column, value);
  };
}

/** Compiles an expression that may call derived functions over rows of a layout. */
export function derivedValue(
  layout: Layout,
  expression: Expression,
): (rows: Uint8Array, start: number) => Value {
  const calls: Call[] = [];
  const rest = splitCalls(expression, calls);
  const results: Value[] = calls.map(() => null);
  const outside = (field: { source: string; path: string }): (() => unknown) | undefined => {
    const index = callIndex(field as never);
    return index === -1 ? undefined : () => results[index];
  };
  const programs = calls.map(({ args }): RowProgram => compileRows(layout, args, { outside }));
  const last = compileRows(layout, [rest], { outside });
  return (rows, start) => {
    for (const [index, program] of programs.entries()) {
      program.run(rows, start);
      results[index] = FUNCTIONS[calls[index]!.node.fn](program.values.map((value) => value()));
    }
    last.run(rows, start);
    return last.value(0);
  };
}
