import type { JsonValue } from "../../serve/metrics/metric-value.ts";
import { differing, type Difference } from "./compare-rows.ts";
import type { ExpectedRow } from "./expected.ts";
import type { ResultRow } from "./result-row.ts";

/** A difference for a person: the row, then `-` what was expected and `+` what came. */
export function describeDifference(difference: Difference): string {
  switch (difference.kind) {
    case "missing":
      return `- ${expectedText(difference.expected)}\n    expected by line ${difference.expected.line}, but there is no such row`;
    case "unexpected":
      return `+ ${actualText(difference.actual)}\n    not expected`;
    case "different":
      return differentText(difference.expected, difference.actual);
  }
}

function differentText(expected: ExpectedRow, actual: ResultRow): string {
  const names = differing(expected, actual);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = names.flatMap((name) => [
    `    - ${name.padEnd(width)}${shown(expected.columns.get(name))}`,
    `    + ${name.padEnd(width)}${shown(actual.columns.get(name))}`,
  ]);
  const identity = actual.identity.map((name) => [name, actual.columns.get(name) ?? null] as const);
  const message = actual.columns.get("message");
  return [
    `~ ${rowText(actual, identity)}  (line ${expected.line})`,
    ...lines,
    ...(message === undefined ? [] : [`      ${String(message)}`]),
  ].join("\n");
}

const actualText = (row: ResultRow): string =>
  rowText(
    row,
    [...row.columns].filter(([, value]) => value !== null),
  );

const expectedText = (row: ExpectedRow): string => rowText(row, row.columns);

function rowText(
  { kind, name }: Pick<ResultRow, "kind" | "name">,
  columns: Iterable<readonly [string, JsonValue]>,
): string {
  const what = kind === "event" ? "event" : `${kind} ${name}`;
  const said = [...columns].filter(([column]) => kind !== "topic" || !isOwn(column));
  return [what, ...said.map(([column, value]) => `${column}=${shown(value)}`)].join("  ");
}

/** Columns that the log writes. */
const isOwn = (column: string): boolean => column.startsWith("_") || column === "received_at";

const shown = (value: JsonValue | undefined): string =>
  value === undefined || value === null ? "null" : JSON.stringify(value);
