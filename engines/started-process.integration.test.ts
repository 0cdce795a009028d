import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Part } from "./engine.ts";
import { identityOf, isRunning } from "./process-identity.ts";
import { endProcess, startPart, untilReady } from "./started-process.ts";

const part = (script: string, ready: () => Promise<boolean>): Part => ({
  name: "part",
  command: process.execPath,
  args: ["-e", script],
  ready,
});

async function withLog(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-part-"));
  await use(join(folder, "part.log")).finally(() => rmSync(folder, { recursive: true }));
}

test("a process that has taken another's number is left alone", () =>
  withLog(async (log) => {
    const endless = part("setInterval(() => {}, 1e6)", async () => true);
    const identity = await startPart(endless, log);
    await untilReady(endless, identity, log);
    await endProcess({ pid: identity.pid, begun: "another time" });
    assert.ok(isRunning(identity));
    await endProcess(identity);
    assert.ok(!isRunning(identity));
  }));

test("one that doesn't obey is ended for good, with its children", () =>
  withLog(async (log) => {
    const endless = "setInterval(() => {}, 1e6);";
    const child = `spawn(process.execPath, ["-e", "${endless}"], { detached: true })`;
    const script = `const { spawn } = require("node:child_process");
      process.on("SIGTERM", () => {});
      ${endless}
      console.log(${child}.pid);`;
    const childOf = (): number => Number(readFileSync(log, "utf8"));
    const stubborn = part(script, async () => childOf() > 0);
    const identity = await startPart(stubborn, log);
    await untilReady(stubborn, identity, log);
    const its = identityOf(childOf())!;
    await endProcess(identity, "SIGTERM", 200);
    assert.deepEqual([isRunning(identity), isRunning(its)], [false, false]);
  }));

test("what a part printed is in the failure when it ends too early", () =>
  withLog(async (log) => {
    const broken = part(`console.log("no room"); process.exit(3)`, async () => false);
    const identity = await startPart(broken, log);
    await assert.rejects(untilReady(broken, identity, log), {
      code: "ENGINE_FAILED",
      message: /^part ended while it was starting; it printed last:\nno room$/,
    });
  }));
