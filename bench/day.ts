/**
 * `npm run bench:day`: what `npm run bench` measures, with the 100 million events of a day. It says
 * first what disk it needs, and doesn't begin without it.
 */
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { readOptions } from "./options.ts";
import { runBench } from "./run-bench.ts";

/** Bytes on disk per event: log, warehouse with its merges under way, lake, with room to spare. */
const BYTES_PER_EVENT = 900;
/** The file of events, and the index of ids. */
const BYTES_BESIDE = 4e9;

const options = readOptions(process.argv.slice(2), { events: 100_000_000, ids: 20_000_000 });
const needed = options.events * BYTES_PER_EVENT + BYTES_BESIDE;
const { bavail, bsize } = statfsSync(tmpdir());
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(0)} GB`;
const text = `${options.events.toLocaleString("en")} events need ${gigabytes(needed)} in ${tmpdir()}`;
console.error(`  ${text}; ${gigabytes(bavail * bsize)} are free`);
if (bavail * bsize < needed) {
  console.error("  set TMPDIR to a folder on a larger disk, or take fewer with --events N");
  process.exitCode = 1;
} else await runBench(options);
