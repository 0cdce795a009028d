import { basename, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../core/errors.ts";
import { importFile } from "../../ingest/import/import-file.ts";
import { hashFile, sniff } from "../../ingest/import/open-bytes.ts";
import { openSource } from "../../ingest/import/open-source.ts";
import { loadRowMap } from "../../ingest/import/row-map.ts";
import type { SourceFormat } from "../../ingest/import/source-row.ts";
import { usageError, type Command, type CommandArguments } from "../command.ts";
import { ImportMeter } from "../import-meter.ts";
import { httpTarget } from "../import-target.ts";
import { importSummary, summaryText } from "../import-text.ts";
import type { Io } from "../io.ts";
import { dataOption, findRunning } from "../running.ts";

const FORMATS: readonly SourceFormat[] = ["ndjson", "csv", "parquet"];
/** A pipeline that is restarted is waited for about this long. */
const WAIT_MS_MAX = 120_000;
const INTERRUPTED = 130;

export const command: Command = {
  name: "import",
  summary: "bring a file of past events in (NDJSON, CSV, Parquet)",
  usage: ["millrace import FILE --event TOPIC [--map MAP.ts] [--time-zone ZONE]"],
  details: `Needs a running pipeline (millrace up). Plain, gzip and zstd files. An import that was interrupted
goes on where it was when the same command is run again; importing a file twice changes nothing.
MAP.ts has a function as default export: (row, { file, row }) => event, or undefined to leave the
row out. docs/guides/import.md tells more.`,
  options: {
    event: {
      type: "string",
      value: "TOPIC",
      description: "the event (or table) that the rows are of",
    },
    map: { type: "string", value: "MAP.ts", description: "makes an event of a row" },
    "time-zone": {
      type: "string",
      value: "ZONE",
      description: "zone (IANA) of times that have no offset, such as Europe/Berlin",
    },
    format: {
      type: "string",
      value: "FORMAT",
      description: "ndjson, csv or parquet; else guessed",
    },
    "dry-run": { type: "boolean", description: "check every row, change nothing" },
    json: { type: "boolean", description: "print the summary as JSON" },
    ...dataOption,
  },
  run: async (args, io) => {
    const [file, extra] = args.positionals;
    const topic = args.text("event");
    if (file === undefined) throw usageError("which file?", "millrace import FILE --event TOPIC");
    if (extra !== undefined)
      throw usageError(`one file at a time, not also ${extra}`, "import it next");
    if (topic === undefined) throw usageError("which event are the rows of?", "add --event TOPIC");
    return run(resolve(io.cwd, file), topic, args, io);
  },
};

async function run(file: string, topic: string, args: CommandArguments, io: Io): Promise<number> {
  const find = (): ReturnType<typeof findRunning> => findRunning(args, io);
  await sniff(file);
  find();
  const mapFile = args.text("map");
  const map = mapFile === undefined ? undefined : await loadRowMap(resolve(io.cwd, mapFile), file);
  const sha256 = await hashFile(file);
  const isDryRun = args.flag("dry-run");
  const meter = new ImportMeter(io, args.flag("json"));
  const { signal } = io;
  try {
    const report = await importFile({
      source: await openSource(file, formatOf(args.text("format"))),
      hash: sha256,
      topic,
      map,
      zone: args.text("time-zone"),
      isDryRun,
      target: httpTarget(find),
      pause: pauser(io, meter),
      onProgress: (rows, fraction) => meter.show(rows, fraction),
      signal,
    });
    meter.clear();
    const hasNew = !isDryRun && report.progress.rows > report.doneBefore;
    const amended = hasNew ? await amend(find, meter) : null;
    const seconds = Math.round(meter.seconds * 1000) / 1000;
    const about = { file: basename(file), sha256, topic, dry_run: isDryRun, seconds };
    const summary = importSummary(about, report, amended);
    io.out(args.flag("json") ? `${JSON.stringify(summary, null, 2)}\n` : summaryText(summary));
    return 0;
  } catch (error) {
    meter.clear();
    if (!signal.aborted) throw error;
    io.err("Stopped. Run the same command again to go on from here.\n");
    return INTERRUPTED;
  }
}

function formatOf(text: string | undefined): SourceFormat | undefined {
  const format = FORMATS.find((each) => each === text);
  if (text === undefined || format !== undefined) return format;
  throw usageError(`there is no format "${text}"`, `one of ${FORMATS.join(", ")}`);
}

/** Waits for a pipeline that is away, longer each time, and gives up after a while. */
function pauser(
  io: Io,
  meter: ImportMeter,
): (failures: number, error: MillraceError) => Promise<void> {
  let sinceMs = 0;
  return async (failures, error) => {
    const nowMs = io.clock.monotonicMs();
    if (failures === 0) {
      sinceMs = nowMs;
      meter.say(`${error.message}; waiting for it`);
    }
    if (nowMs - sinceMs > WAIT_MS_MAX) {
      throw new MillraceError(error.code, error.message, {
        hint: "what was imported is kept: start the pipeline and run the same command again",
        cause: error,
      });
    }
    await sleep(Math.min(2_000, 100 * 2 ** failures), undefined, { signal: io.signal });
  };
}

/** Brings the imported events into the numbers; a failure doesn't undo the import. */
async function amend(
  find: () => ReturnType<typeof findRunning>,
  meter: ImportMeter,
): Promise<unknown> {
  meter.say("imported; bringing the rows into the numbers …");
  try {
    return await find().request("POST", "/v1/amend", { wait: true });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    meter.say(`the numbers will follow by themselves; now: ${error.message}`);
    return error.toJSON();
  }
}
