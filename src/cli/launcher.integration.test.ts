import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

/** Stands in for the CLI: says where it is, then does what its argument asks. */
const STUB = `
import { stopWithParent } from "./parent.ts";
stopWithParent(100);
const [what, value] = process.argv.slice(2) as [string, string];
process.on("SIGTERM", () => { console.log("terminated"); process.exit(7); });
console.log(JSON.stringify({ cwd: process.cwd(), pid: process.pid, args: process.argv.slice(2) }));
if (what === "exit") process.exit(Number(value));
if (what === "die") process.kill(process.pid, "SIGKILL");
if (what === "wait") setInterval(() => {}, 1000);
`;

let base: string;
let launcher: string;

before(() => {
  const source = fileURLToPath(new URL("../../", import.meta.url));
  base = realpathSync(mkdtempSync(join(tmpdir(), "a launcher ")));
  const home = join(base, "node_modules", "millrace");
  mkdirSync(join(home, "src", "cli"), { recursive: true });
  cpSync(join(source, "bin"), join(home, "bin"), { recursive: true });
  cpSync(join(source, "src/cli/parent.ts"), join(home, "src/cli/parent.ts"));
  writeFileSync(join(home, "package.json"), `{"type":"module"}`);
  writeFileSync(join(home, "src/cli/main.ts"), STUB);
  mkdirSync(join(base, "node_modules", ".bin"));
  launcher = join(base, "node_modules", ".bin", "millrace");
  symlinkSync("../millrace/bin/millrace.js", launcher);
});
after(() => rmSync(base, { recursive: true }));

interface Started {
  readonly child: ChildProcess;
  readonly said: { cwd: string; pid: number; args: string[] };
  readonly lines: AsyncIterator<string>;
}

/** Starts the launcher through its symlink, in a folder of its own, up to the stub's first line. */
async function start(...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  return { child, said: JSON.parse(String(first.value)), lines };
}

test("as a package it runs without an install, where the user is, and passes on the exit code", async () => {
  const { child, said } = await start("exit", "3");
  assert.deepEqual(await once(child, "exit"), [3, null]);
  assert.equal(said.cwd, realpathSync(tmpdir()));
  assert.deepEqual(said.args, ["exit", "3"]);
});

test("a signal that ends the child ends the launcher", async () => {
  const { child } = await start("die");
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});

test("SIGTERM is passed on, and the child's answer to it comes back", async () => {
  const { child, lines } = await start("wait");
  child.kill("SIGTERM");
  assert.equal((await lines.next()).value, "terminated");
  assert.deepEqual(await once(child, "exit"), [7, null]);
});

test("the child ends itself when the launcher is killed", async () => {
  const { child, said, lines } = await start("wait");
  child.kill("SIGKILL");
  assert.equal((await lines.next()).value, "terminated");
  assert.equal((await lines.next()).done, true);
  assert.notEqual(said.pid, child.pid);
});
