import { createHash } from "node:crypto";
import { MillraceError } from "../../core/errors.ts";
import { addProblem, addTally, emptyTally, NO_PROGRESS } from "./import-progress.ts";
import type { ImportName, ImportProblem, ImportProgress } from "./import-progress.ts";
import type { ImportAnswer } from "./import-receiver.ts";
import { rowBatches, type RowBatch } from "./row-batches.ts";
import type { RowMap } from "./row-map.ts";
import type { RowSource } from "./source-row.ts";

/** The other end of an import. Each call throws `NOT_READY` when it can't be reached now. */
export interface ImportTarget {
  progress(name: ImportName): Promise<ImportProgress>;
  send(name: ImportName, batch: RowBatch, options: SendOptions): Promise<ImportAnswer>;
  complete(name: ImportName): Promise<ImportProgress>;
}

export interface SendOptions {
  readonly zone: string | undefined;
  readonly texts: boolean;
  readonly isDryRun: boolean;
}

export interface ImportFileOptions {
  readonly source: RowSource;
  readonly hash: string;
  readonly topic: string;
  readonly map: RowMap | undefined;
  readonly zone: string | undefined;
  readonly isDryRun: boolean;
  readonly target: ImportTarget;
  /** Waits before another try, or throws when there were too many in a row. */
  readonly pause: (failures: number, error: MillraceError) => Promise<void>;
  readonly onProgress: (rows: number, fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** What became of a file. */
export interface ImportReport {
  /** Of the whole file, whatever part of it this run did. */
  readonly progress: ImportProgress;
  /** Rows that an earlier run of the same import had done. */
  readonly doneBefore: number;
  /** Lines in the file of rows that this run read, by row: those of the problems' first rows. */
  readonly lines: ReadonlyMap<number, number>;
}

/**
 * Sends a file's rows to a pipeline: from where an earlier run ended, again and again when the
 * pipeline goes away, once each.
 */
export async function importFile(options: ImportFileOptions): Promise<ImportReport> {
  const { source, target, isDryRun } = options;
  const name = nameOf(options);
  const before = isDryRun ? NO_PROGRESS : await retrying(options, () => target.progress(name));
  const lines = new Map<number, number>();
  if (before.complete) return { progress: before, doneBefore: before.rows, lines };
  const dry = { rows: 0, tally: emptyTally(), problems: [] as ImportProblem[] };
  const send = {
    zone: options.zone,
    texts: source.format === "csv",
    isDryRun,
  };
  options.onProgress(before.rows, 0);
  for await (const batch of rowBatches(source, options.map, before.rows)) {
    options.signal?.throwIfAborted();
    const answer = await retrying(options, () => target.send(name, batch, send));
    for (const { firstRow } of answer.progress.problems) {
      const line = batch.lines[firstRow - batch.first];
      if (line !== undefined) lines.set(firstRow, line);
    }
    if (isDryRun) {
      dry.rows += batch.count;
      addTally(dry.tally, answer.tally);
      for (const problem of answer.progress.problems) addProblem(dry.problems, problem);
    }
    options.onProgress(batch.first + batch.count - 1, batch.fraction);
  }
  const progress = isDryRun
    ? { rows: dry.rows, ...dry.tally, complete: false, problems: dry.problems }
    : await retrying(options, () => target.complete(name));
  return { progress, doneBefore: before.rows, lines };
}

/** The import's name: another map, zone or format reads the same file anew. */
function nameOf({ hash, topic, map, zone, source }: ImportFileOptions): ImportName {
  const reading = createHash("sha256")
    .update(JSON.stringify([map?.hash ?? null, zone ?? null, source.format]))
    .digest("hex")
    .slice(0, 16);
  return { file: hash, topic, reading };
}

const WORTH_A_RETRY: ReadonlySet<string> = new Set([
  "NOT_READY",
  "RATE_LIMITED",
  "STORAGE_FULL",
  "WAREHOUSE_UNAVAILABLE",
]);

async function retrying<Value>(
  { pause, signal }: ImportFileOptions,
  call: () => Promise<Value>,
): Promise<Value> {
  for (let failures = 0; ; failures++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof MillraceError) || !WORTH_A_RETRY.has(error.code)) throw error;
      signal?.throwIfAborted();
      await pause(failures, error);
    }
  }
}
