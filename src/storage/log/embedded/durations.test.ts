import assert from "node:assert/strict";
import { test } from "node:test";
import { Durations } from "./durations.ts";

test("quantiles are of the last durations", () => {
  const durations = new Durations(100);
  assert.equal(durations.quantile(0.5), 0);
  for (let ms = 1; ms <= 200; ms++) durations.add(ms);
  assert.deepEqual(
    [0, 0.01, 0.5, 0.99, 1].map((share) => durations.quantile(share)),
    [101, 101, 150, 199, 200],
  );
});
