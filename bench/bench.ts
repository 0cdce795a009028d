/**
 * `npm run bench [-- --events N --ids N --json FILE …]`: what an event costs in each stage, and the
 * rate that the whole embedded pipeline sustains, beside a bare load of the same events.
 */
import { writeFileSync } from "node:fs";
import { systemClock } from "../src/core/clock.ts";
import { verdicts } from "./figures.ts";
import { measure } from "./measure.ts";
import { readOptions } from "./options.ts";
import { reportText } from "./report.ts";

const options = readOptions(process.argv.slice(2), { events: 3_000_000, ids: 20_000_000 });
const progress = (text: string): void => void process.stderr.write(`  ${text}…\n`);
const figures = await measure(options, { clock: systemClock, progress });
console.log(`\n${reportText(figures)}`);
if (options.json !== undefined) {
  const all = { ...figures, verdicts: verdicts(figures) };
  writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
}
