import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { lockPipeline } from "./pipeline-lock.ts";

test("a second pipeline waits for the first, and says who has its place", async () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-lock-"));
  const place = join(dir, "stream");
  const first = await lockPipeline(place, systemClock);
  await assert.rejects(lockPipeline(place, systemClock, 0), {
    code: "STORAGE_LOCKED",
    message: new RegExp(`in use by process ${process.pid}`),
  });
  const second = lockPipeline(place, systemClock);
  first.release();
  (await second).release();
  rmSync(dir, { recursive: true });
});
