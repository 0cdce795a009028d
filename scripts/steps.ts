import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A tool that says whether the tree is in order. */
export interface Step {
  readonly name: string;
  /** A program of `node_modules/.bin` and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** What to do when it fails. */
  readonly hint: string;
}

/** In order of cost. Unit tests come between the last two (`check.ts`). */
export const STEPS: readonly Step[] = [
  { name: "format", command: ["oxfmt", "--check"], hint: "npm run format" },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"], hint: ".oxlintrc.json" },
  { name: "tidy", command: ["node", "scripts/tidy.ts"], hint: "scripts/layers.ts" },
  { name: "types", command: ["tsc", "--noEmit", "-p", "."], hint: "tsconfig.json" },
  { name: "dead code", command: ["knip", "--no-progress"], hint: "knip.json" },
];

export interface StepResult {
  readonly isGood: boolean;
  readonly output: string;
  readonly seconds: number;
}

/** Runs a step to its end and keeps what it printed. */
export function runStep(step: Step): Promise<StepResult> {
  const started = performance.now();
  const [program, ...args] = step.command;
  const child = spawn(join(ROOT, "node_modules", ".bin", program), args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${join(ROOT, "node_modules", ".bin")}:${process.env["PATH"]}` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  }
  return new Promise((resolve) => {
    const end = (isGood: boolean): void =>
      resolve({ isGood, output, seconds: (performance.now() - started) / 1000 });
    child.on("error", (error) => {
      output += error.message;
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

/** Runs every step, with a line each and the output of those that fail; the names of those. */
export async function runSteps(steps: readonly Step[]): Promise<string[]> {
  const failed: string[] = [];
  for (const step of steps) {
    const { isGood, output, seconds } = await runStep(step);
    printLine(step.name, isGood, seconds);
    if (isGood) continue;
    failed.push(step.name);
    console.log(`${output.trimEnd()}\n  → ${step.hint}\n`);
  }
  return failed;
}

/** One line of the report: a mark, what it was, how long it took. */
export function printLine(name: string, isGood: boolean, seconds: number, extra = ""): void {
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  console.log(`${isGood ? "✓" : "✗"} ${name.padEnd(12)}${time}${extra && `  ${extra}`}`);
}
