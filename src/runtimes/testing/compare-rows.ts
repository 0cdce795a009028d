import { parseTime } from "../../ingest/scan/parse-time.ts";
import type { JsonValue } from "../../serve/metrics/metric-value.ts";
import type { ExpectedRow } from "./expected.ts";
import type { ResultRow } from "./result-row.ts";

/** One way in which rows aren't as expected. */
export type Difference =
  | { readonly kind: "missing"; readonly expected: ExpectedRow }
  | { readonly kind: "unexpected"; readonly actual: ResultRow }
  | { readonly kind: "different"; readonly expected: ExpectedRow; readonly actual: ResultRow };

/**
 * Holds rows against expected ones. An expected row names the columns that it cares about. A metric,
 * anomaly, rule or topic that is mentioned must have all of its rows mentioned; those that aren't
 * mentioned aren't looked at. Events that aren't accepted must always be mentioned.
 */
export function compareRows(
  expected: readonly ExpectedRow[],
  actual: readonly ResultRow[],
): readonly Difference[] {
  const groups = new Map<string, { expected: ExpectedRow[]; actual: ResultRow[] }>();
  groups.set("event", { expected: [], actual: [] });
  for (const row of expected) {
    const id = groupOf(row);
    const group = groups.get(id) ?? { expected: [], actual: [] };
    if (!row.isNone) group.expected.push(row);
    groups.set(id, group);
  }
  for (const row of actual) groups.get(groupOf(row))?.actual.push(row);
  return [...groups.values()].flatMap(compareGroup);
}

const groupOf = ({ kind, name }: Pick<ResultRow, "kind" | "name">): string =>
  kind === "event" ? kind : `${kind} ${name}`;

/** Pairs equal rows first, those that say most before those that say little; then the like. */
function compareGroup(group: {
  readonly expected: readonly ExpectedRow[];
  readonly actual: readonly ResultRow[];
}): Difference[] {
  const left = new Set(group.actual);
  const take = (suits: (row: ResultRow) => boolean): ResultRow | undefined => {
    for (const row of left) {
      if (!suits(row)) continue;
      left.delete(row);
      return row;
    }
    return undefined;
  };
  const most = group.expected.toSorted((one, other) => other.columns.size - one.columns.size);
  const unpaired = most.filter((row) => !take((each) => differing(row, each).length === 0));
  const differences = unpaired.map((row): Difference => {
    const like = take((each) => isSameRow(row, each));
    return like === undefined
      ? { kind: "missing", expected: row }
      : { kind: "different", expected: row, actual: like };
  });
  const extra = [...left]
    .filter((row) => row.columns.get("status") !== "accepted" || row.kind !== "event")
    .map((row): Difference => ({ kind: "unexpected", actual: row }));
  return [...differences, ...extra].toSorted((one, other) => lineOf(one) - lineOf(other));
}

const lineOf = (difference: Difference): number =>
  difference.kind === "unexpected" ? Infinity : difference.expected.line;

/** Whether they are about the same thing: they agree on every identifying column that is given. */
function isSameRow(expected: ExpectedRow, actual: ResultRow): boolean {
  const given = actual.identity.filter((name) => expected.columns.has(name));
  const isNamed = given.length > 0 || actual.identity.length === 0;
  return (
    isNamed && given.every((name) => isSame(expected.columns.get(name), actual.columns.get(name)))
  );
}

/** The expected columns that the row doesn't have so. */
export const differing = (expected: ExpectedRow, actual: ResultRow): readonly string[] =>
  [...expected.columns]
    .filter(([name, value]) => !isSame(value, actual.columns.get(name)))
    .map(([name]) => name);

/** Equal as values: `2` and `"2.0000"` are, and so are a time's texts; what is absent is null. */
function isSame(expected: JsonValue | undefined, actual: JsonValue | undefined): boolean {
  const [one, other] = [expected ?? null, actual ?? null];
  if (one === other) return true;
  if (one === null || other === null) return false;
  const [left, right] = [String(one), String(other)];
  if (isNumber(left) && isNumber(right)) return plainNumber(left) === plainNumber(right);
  const time = typeof one === "string" && typeof other === "string" ? parseTime(left) : undefined;
  return time !== undefined && time === parseTime(right);
}

const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text);

/** Without zeros that say nothing. */
const plainNumber = (text: string): string => {
  const plain = text.replace(/^(-?)0+(?=\d)/, "$1");
  const short = plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain;
  return short === "-0" ? "0" : short;
};
