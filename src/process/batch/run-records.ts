import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/** What a run of the batch engine did. */
export interface RunRecord {
  /** Names the run: a record of the same name replaces the one before. */
  readonly run_id: string;
  readonly kind: "model" | "amend" | "backfill";
  /** The model, the topic or the metric. */
  readonly name: string;
  /** First and last UTC day that it was about, `YYYY-MM-DD`. */
  readonly from_day: string;
  readonly to_day: string;
  /** The days that were published; empty for what isn't computed by days. */
  readonly days: readonly string[];
  /** The generation of the rows that it wrote; 0 for models. */
  readonly generation: number;
  readonly rows: number;
  /** Source rows that an inner join left out, because the table didn't know their key. */
  readonly unmatched: number;
  readonly status: "started" | "done" | "failed";
  /** Why it failed. */
  readonly message: string;
  /** ms since 1970. */
  readonly started_ms: number;
  readonly duration_ms: number;
}

const RUNS = `CREATE TABLE IF NOT EXISTS millrace_runs (
  run_id String, kind LowCardinality(String), name String, from_day Date, to_day Date,
  days Array(Date), generation UInt32, rows UInt64, unmatched UInt64, status LowCardinality(String), message String,
  started_ms Int64, duration_ms UInt64, at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree ORDER BY run_id`;

const AUDITS = `CREATE TABLE IF NOT EXISTS millrace_audits (
  day Date, metric String, side LowCardinality(String), rows UInt64, missing UInt64, extra UInt64,
  different UInt64, examples Array(Array(String)), at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree(at) ORDER BY (day, metric, side)`;

/** Makes the tables of runs and audits; may be repeated. */
export async function createRunTables(warehouse: Warehouse): Promise<void> {
  await warehouse.command(RUNS);
  await warehouse.command(AUDITS);
}

/** Writes a run's record, or replaces the one it wrote before. */
export const recordRun = (warehouse: Warehouse, record: RunRecord): Promise<void> =>
  warehouse.insertRows({ table: "millrace_runs", rows: [{ ...record }] });

/**
 * A generation that no row has yet: one above every earlier run's. A run records its own before its
 * first row, so a run that was killed used one up.
 */
export async function nextGeneration(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query<{ next: string }>(
    "SELECT max(generation) + 1 AS next FROM millrace_runs",
  );
  return Number(row?.next ?? 1);
}
