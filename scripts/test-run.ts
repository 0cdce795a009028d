import { spawn } from "node:child_process";
import { relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { printLine, ROOT } from "./steps.ts";
import type { TestGroup } from "./test-groups.ts";
import { MARK } from "./test-reporter.ts";
import type { TestRecord } from "./test-reporter.ts";

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** Tests that an engine is missing for, with the reason. */
  readonly notRun: readonly NotRun[];
}

export interface NotRun {
  readonly name: string;
  readonly why: string;
}

/** Lines that a group's tests printed, kept to be shown when something failed. */
const PRINTED_LINES_MAX = 200;

/**
 * Runs a group of tests with progress, shows what failed, and counts. A run that is over its time,
 * or that ends without a summary (a crash), counts as one failure more.
 */
export async function runTests(
  group: TestGroup,
  budgetMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<TestCounts> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const reporter = fileURLToPath(new URL("./test-reporter.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--test",
      `--test-isolation=${group.isolation}`,
      `--test-concurrency=${group.concurrency}`,
      `--test-reporter=${reporter}`,
      ...group.files,
    ],
    // A group of its own: whatever a test leaves behind can be ended with it.
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...env },
    },
  );
  const state = new RunState(group.name, seconds);
  createInterface({ input: child.stdout }).on("line", (line) => state.take(line));
  createInterface({ input: child.stderr }).on("line", (line) => state.printed(line));

  const kill = (): void => killGroup(child.pid);
  process.on("exit", kill);
  let isOverTime = false;
  const deadline = setTimeout(() => ((isOverTime = true), kill()), budgetMs);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(deadline);
  process.off("exit", kill);
  kill();
  return state.end(code, isOverTime);
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

class RunState {
  readonly #name: string;
  readonly #seconds: () => number;
  readonly #printed: string[] = [];
  readonly #isTerminal = process.stdout.isTTY;
  #passed = 0;
  #failed = 0;
  #summary: { readonly passed: number; readonly failed: number } | undefined;
  readonly #notRun: NotRun[] = [];
  #skipped = 0;
  #nextLineAt = 10;

  constructor(name: string, seconds: () => number) {
    this.#name = name;
    this.#seconds = seconds;
  }

  take(line: string): void {
    const start = line.indexOf(MARK);
    if (start !== 0) this.printed(start === -1 ? line : line.slice(0, start));
    if (start === -1) return;
    const record: TestRecord = JSON.parse(line.slice(start + MARK.length));
    if (record.kind === "passed") this.#passed += 1;
    else if (record.kind === "printed") this.printed(record.text.trimEnd());
    else if (record.kind === "summary") {
      this.#summary = record;
      this.#skipped = record.skipped;
    } else if (record.kind === "notRun") {
      this.#notRun.push(record);
    } else {
      this.#failed += 1;
      this.#clearLine();
      console.log(`\n✗ ${record.name}\n  ${relativeTo(record.where)}\n${indent(record.why)}\n`);
    }
    this.#progress();
  }

  printed(line: string): void {
    this.#printed.push(line);
    if (this.#printed.length > PRINTED_LINES_MAX) this.#printed.shift();
  }

  end(code: number | null, isOverTime: boolean): TestCounts {
    this.#clearLine();
    const passed = this.#summary?.passed ?? this.#passed;
    let failed = this.#summary?.failed ?? this.#failed;
    if (isOverTime) console.log(`✗ ${this.#name} tests were stopped: the time budget is used up`);
    else if (this.#summary === undefined) console.log(`✗ ${this.#name} tests ended: code ${code}`);
    if (isOverTime || this.#summary === undefined || (code !== 0 && failed === 0)) failed += 1;
    const skipped = this.#skipped - this.#notRun.length;
    if (skipped > 0) {
      console.log(`✗ ${skipped} ${this.#name} tests are skipped; no test may be`);
      failed += skipped;
    }
    if (failed > 0 && this.#printed.length > 0) {
      console.log(`What the tests printed last:\n${indent(this.#printed.join("\n"))}`);
    }
    printLine(this.#name, failed === 0, this.#seconds(), `${passed} passed, ${failed} failed`);
    return { passed, failed, notRun: this.#notRun };
  }

  #progress(): void {
    const line = `  ${this.#name}: ${this.#passed} passed, ${this.#failed} failed`;
    if (this.#isTerminal) process.stdout.write(`\r\u001b[K${line}`);
    else if (this.#seconds() >= this.#nextLineAt) {
      this.#nextLineAt = this.#seconds() + 10;
      console.log(line);
    }
  }

  #clearLine(): void {
    if (this.#isTerminal) process.stdout.write("\r\u001b[K");
  }
}

const relativeTo = (where: string): string => relative(ROOT, where);
const indent = (text: string): string => text.replaceAll(/^/gm, "    ");
