/**
 * `npm run bench [-- --events N --ids N --json FILE …]`: what an event costs in each stage, and the
 * rate that the whole embedded pipeline sustains, beside a bare load of the same events.
 */
import { readOptions } from "./options.ts";
import { runBench } from "./run-bench.ts";

await runBench(readOptions(process.argv.slice(2), { events: 3_000_000, ids: 20_000_000 }));
