import { MillraceError } from "../../core/errors.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { JsonValue } from "../../serve/metrics/metric-value.ts";
import { ROW_KINDS, type RowKind } from "./result-row.ts";

/** One line of `expect.jsonl`. */
export interface ExpectedRow {
  /** Number of the line, from 1. */
  readonly line: number;
  readonly kind: RowKind;
  readonly name: string;
  /** The columns that are compared. */
  readonly columns: ReadonlyMap<string, JsonValue>;
  /** `"rows": 0`: the metric, anomaly or topic has none. */
  readonly isNone: boolean;
}

/**
 * The rows of an `expect.jsonl`, one a line; empty lines and lines that begin with `//` are for
 * readers. Throws `CONFIG_INVALID` on what can't be compared.
 */
export function parseExpected(
  text: string,
  plan: Plan,
  file = "expect.jsonl",
): readonly ExpectedRow[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line.trimStart().startsWith("//")) return [];
    const wrong = (what: string, hint: string): MillraceError =>
      new MillraceError("CONFIG_INVALID", `${file}:${index + 1}: ${what}`, { hint });
    return [expectedRow(parseRow(line, wrong), index + 1, plan, wrong)];
  });
}

type Wrong = (what: string, hint: string) => MillraceError;
type Row = Readonly<Record<string, unknown>>;

function parseRow(line: string, wrong: Wrong): Row {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Row;
  } catch {
    // said below
  }
  throw wrong("the line isn't a JSON object", "write one row a line");
}

function expectedRow(row: Row, line: number, plan: Plan, wrong: Wrong): ExpectedRow {
  const [first = ""] = Object.keys(row);
  const kind = first === "line" ? "event" : ROW_KINDS.find((each) => each === first);
  if (kind === undefined) {
    const isBatch = first === "model" || first === "cube";
    throw wrong(
      isBatch
        ? `a ${first} needs the warehouse, which tests don't start`
        : `"${first}" comes first`,
      `a row begins with one of ${ROW_KINDS.join(", ")}`,
    );
  }
  if (kind === "event") {
    return { line, kind, name: "", columns: new Map(leaves(row, "")), isNone: false };
  }
  const name = String(row[first]);
  const known = namesOf(plan, kind);
  if (!known.includes(name)) {
    throw wrong(
      `there is no ${kind} "${name}"`,
      `the definition has ${known.join(", ") || "none"}`,
    );
  }
  const { [first]: _, ...rest } = row;
  const isNone = rest["rows"] === 0 && Object.keys(rest).length === 1;
  return { line, kind, name, columns: new Map(isNone ? [] : leaves(rest, "")), isNone };
}

function namesOf(plan: Plan, kind: Exclude<RowKind, "event">): readonly string[] {
  const nodes = {
    metric: plan.metrics,
    anomaly: plan.anomalies,
    rule: plan.rules,
    topic: [...plan.events, ...plan.tables, ...plan.streams],
  }[kind];
  return nodes.map((node) => node.name);
}

/** Nested objects as dotted columns; what the door keeps undeclared is one value. */
function* leaves(value: unknown, path: string): Iterable<[string, JsonValue]> {
  const isNested = typeof value === "object" && value !== null && path !== "_undeclared";
  if (!isNested) {
    yield [path, path === "_undeclared" ? JSON.stringify(value) : (value as JsonValue)];
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    yield* leaves(member, path === "" ? name : `${path}.${name}`);
  }
}
