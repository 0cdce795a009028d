import assert from "node:assert/strict";
import { test } from "node:test";
import type { LakeFile } from "./lake.ts";
import { planMerges } from "./plan-merges.ts";

const file = (from: number, bytes: number, date = "2025-05-02", partition = 0): LakeFile => ({
  topic: "clicks",
  partition,
  from,
  to: from + 1,
  date,
  path: `/lake/clicks/date=${date}/p${partition}-${from}.parquet`,
  format: "parquet",
  rows: 1,
  bytes,
  minTime: 0,
  maxTime: 0,
  minReceivedAt: 0,
  maxReceivedAt: 0,
});

const query = { today: "2025-05-03", filesMax: 3, bytesMax: 10 };
const plan = (files: LakeFile[]): number[][] =>
  planMerges(files, query).map((merge) => merge.files.map(({ from }) => from));

test("a day that is over is merged from two files on, the current one from filesMax on", () => {
  assert.deepEqual(plan([file(2, 1), file(1, 1)]), [[1, 2]]);
  assert.deepEqual(plan([file(1, 1, "2025-05-03"), file(2, 1, "2025-05-03")]), []);
  assert.deepEqual(plan([1, 2, 3].map((from) => file(from, 1, "2025-05-03"))), [[1, 2, 3]]);
});

test("days, partitions and formats stay apart", () => {
  assert.deepEqual(plan([file(1, 1), file(2, 1, "2025-05-01")]), []);
  assert.deepEqual(plan([file(1, 1), file(2, 1, "2025-05-02", 1)]), []);
  assert.deepEqual(plan([file(1, 1), { ...file(2, 1), format: "orc" }]), []);
});

test("merged files stay near the bound, neighbours only; merging ends", () => {
  assert.deepEqual(plan([1, 2, 3, 4, 5, 6].map((from) => file(from, 4))), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.deepEqual(plan([file(1, 4), file(2, 12), file(3, 4)]), []);
  assert.deepEqual(plan([file(1, 8), file(3, 8), file(5, 8)]), []);
});

test("a large file waits for enough to be merged with", () => {
  assert.deepEqual(plan([file(1, 8), file(2, 1)]), []);
  assert.deepEqual(plan([file(1, 6), file(2, 2), file(3, 2)]), [[1, 2, 3]]);
  const bounded = { ...query, bytesMax: 100 };
  const many = [file(1, 80), ...[2, 3, 4, 5, 6, 7, 8].map((from) => file(from, 1))];
  assert.equal(planMerges(many, bounded)[0]!.files.length, 8);
});
