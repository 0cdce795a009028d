import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../../schema/layout.ts";
import { encodeRow } from "./encode-row.ts";
import { rowInLayout } from "./row-in-layout.ts";
import { rowToObject } from "./row-to-object.ts";

const decimal = (scale: number) => ({ kind: "decimal", precision: 12, scale }) as const;
const leaf = (path: string, type: Parameters<typeof layoutOf>[0][number]["type"]) => ({
  path,
  type,
  nullable: path === "note",
  subject: false,
  personal: false,
  clean: [],
});
const id = leaf("id", { kind: "id" });

test("columns move by their names; what lacks is null or empty; decimals are widened", () => {
  const from = layoutOf([id, leaf("gone", { kind: "string" }), leaf("price", decimal(2))], []);
  const to = layoutOf(
    [
      leaf("price", decimal(4)),
      id,
      leaf("note", { kind: "string" }),
      leaf("n", { kind: "integer" }),
    ],
    [],
  );
  const before = encodeRow(from, [7n, 1_000, 2n, 4n, "a", "x", 150n, null, '{"k":1}', null]);
  const rows = new Uint8Array([9, ...before]);
  assert.deepEqual(rowToObject(to, rowInLayout(rows, 1, from, to), 0), {
    _offset: 7,
    received_at: "1970-01-01T00:00:01.000Z",
    _partition: 2,
    _flags: 4,
    id: "a",
    price: "1.5000",
    n: 0,
    _undeclared: { k: 1 },
  });
});
