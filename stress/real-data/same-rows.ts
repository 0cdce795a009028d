import assert from "node:assert/strict";

type Row = Readonly<Record<string, unknown>>;

/** A value as text, however an engine's JSON has it. */
const text = (value: unknown): string =>
  value === null || value === undefined
    ? "∅"
    : typeof value === "boolean"
      ? String(Number(value))
      : String(value);

/** Rows as one text each, in order. */
const texts = (rows: readonly Row[]): string[] =>
  rows
    .map((row) =>
      Object.entries(row)
        .map(([name, value]) => `${name}=${text(value)}`)
        .join(" "),
    )
    .toSorted();

/** Asserts that two engines gave the same rows, columns in the same order, whatever the rows'. */
export function assertSameRows(ours: readonly Row[], theirs: readonly Row[], what: string): void {
  const one = texts(ours);
  const other = texts(theirs);
  const [oneSet, otherSet] = [new Set(one), new Set(other)];
  const missing = other.filter((row) => !oneSet.has(row)).slice(0, 5);
  if (one.length !== other.length || missing.length > 0) {
    const extra = one.filter((row) => !otherSet.has(row)).slice(0, 5);
    assert.fail(
      `${what}: ${one.length} rows, expected ${other.length};\nmissing:\n${missing.join("\n")}\nextra:\n${extra.join("\n")}`,
    );
  }
  assert.ok(one.length > 0, `${what}: there are rows to compare`);
  assert.deepEqual(one, other, what);
}
