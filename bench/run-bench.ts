import { writeFileSync } from "node:fs";
import { systemClock } from "../src/core/clock.ts";
import { INLINE_MORE, setV8Flags } from "../src/runtimes/embedded/v8-flags.ts";
import { verdicts } from "./figures.ts";
import { measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { reportText } from "./report.ts";

/** Runs the benchmark, prints the figures, and writes them as JSON where that is asked for. */
export async function runBench(options: BenchOptions): Promise<void> {
  setV8Flags(INLINE_MORE); // stages run in this process; the runtime does the same
  const progress = (text: string): void => void process.stderr.write(`  ${text}…\n`);
  const figures = await measure(options, { clock: systemClock, progress });
  console.log(`\n${reportText(figures)}`);
  if (options.json === undefined) return;
  const all = { ...figures, verdicts: verdicts(figures) };
  writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
}
