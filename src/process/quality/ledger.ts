import { MillraceError } from "../../core/errors.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { LedgerQuery, LedgerRow } from "../../storage/log/log.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import {
  type FilesSql,
  lakeCounts,
  type MinuteCounts,
  minuteKey,
  warehouseCounts,
} from "./stage-counts.ts";

/** Where the ledger's figures come from. */
export interface LedgerSources {
  /** What was counted, by topic, minute and what became of it. */
  readonly rows: (query: LedgerQuery) => Promise<readonly LedgerRow[]>;
  readonly warehouse: Warehouse;
  /** Absent while nothing has been written to it. */
  readonly lake?: LakeReader | undefined;
  /** The lake's files for the warehouse; files of its own machine by default. */
  readonly filesSql?: FilesSql;
  /** Up to which received time a stage has taken everything of a partition, exclusive, ms. */
  readonly settledThrough: (stage: LedgerStage, topic: string, partition: number) => number;
}

export type LedgerStage = "load" | "lake" | "stream";

export interface LedgerRequest {
  /** ms; whole minutes that begin in `[from, to)`. */
  readonly from: number;
  readonly to: number;
  readonly topic?: string | undefined;
}

/** One topic and minute at the door: in = accepted + duplicate + quarantined + refused. */
export interface LedgerMinute {
  readonly topic: string;
  /** Start of the minute, RFC 3339. */
  readonly minute: string;
  readonly in: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly refused: number;
  /** `in` minus the other four: 0. */
  readonly difference: number;
  /** Duplicates, quarantined and refused by their reasons. */
  readonly reasons: readonly {
    readonly status: string;
    readonly reason: string;
    readonly n: number;
  }[];
}

/** Accepted events of one topic, partition and minute, and where they have arrived since. */
export interface LedgerPartitionMinute {
  readonly topic: string;
  readonly partition: number;
  readonly minute: string;
  readonly accepted: number;
  /** Rows in the warehouse's table. */
  readonly loaded: number;
  /** Rows in the lake. */
  readonly lake: number;
  /** Whether the stages have passed this minute; until then they may have fewer. */
  readonly settled: { readonly load: boolean; readonly lake: boolean; readonly stream: boolean };
  /** Every settled stage has exactly what was accepted, and none has more. */
  readonly balanced: boolean;
}

/** The ledger as HTTP gives it. */
export interface LedgerReport {
  readonly from: string;
  readonly to: string;
  /** No difference anywhere. */
  readonly balanced: boolean;
  readonly minutes: readonly LedgerMinute[];
  readonly partitions: readonly LedgerPartitionMinute[];
}

const MINUTES_MAX = 7 * 24 * 60;

/** The ledger of some minutes. `PARAMETER_INVALID` for more than a week of them. */
export async function ledgerReport(
  sources: LedgerSources,
  request: LedgerRequest,
): Promise<LedgerReport> {
  const from = request.from - (request.from % 60_000);
  const to = Math.ceil(request.to / 60_000) * 60_000;
  if (!(to > from) || to - from > MINUTES_MAX * 60_000) {
    throw new MillraceError("PARAMETER_INVALID", "the ledger is given for a week at most", {
      field: "from",
      hint: "ask for a shorter time, `from` before `to`",
    });
  }
  const rows = await sources.rows({ from, to, topic: request.topic });
  const minutes = minutesOf(rows);
  const partitions: LedgerPartitionMinute[] = [];
  for (const [topic, group] of Map.groupBy(rows, (row) => row.topic)) {
    partitions.push(...(await partitionsOf(sources, topic, group, from, to)));
  }
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    balanced:
      minutes.every(({ difference }) => difference === 0) &&
      partitions.every(({ balanced }) => balanced),
    minutes,
    partitions,
  };
}

function minutesOf(rows: readonly LedgerRow[]): LedgerMinute[] {
  const groups = Map.groupBy(rows, ({ topic, minute }) => `${minute} ${topic}`);
  return [...groups.values()].map((group) => {
    const { topic, minute } = group[0]!;
    const of = (status: LedgerRow["status"]): number =>
      group.reduce((sum, row) => (row.status === status ? sum + row.n : sum), 0);
    const totals = {
      in: of("in"),
      accepted: of("accepted"),
      duplicate: of("duplicate"),
      quarantined: of("quarantined"),
      refused: of("refused"),
    };
    const { accepted, duplicate, quarantined, refused } = totals;
    return {
      topic,
      minute: new Date(minute).toISOString(),
      ...totals,
      difference: totals.in - accepted - duplicate - quarantined - refused,
      reasons: reasonsOf(group),
    };
  });
}

function reasonsOf(group: readonly LedgerRow[]): LedgerMinute["reasons"] {
  const withReason = group.filter(({ reason }) => reason !== "");
  const byReason = Map.groupBy(withReason, ({ status, reason }) => `${status} ${reason}`);
  return [...byReason.values()].map((rows) => ({
    status: rows[0]!.status,
    reason: rows[0]!.reason,
    n: rows.reduce((sum, { n }) => sum + n, 0),
  }));
}

async function partitionsOf(
  { rows: ledger, warehouse, lake, filesSql, settledThrough }: LedgerSources,
  topic: string,
  rows: readonly LedgerRow[],
  from: number,
  to: number,
): Promise<LedgerPartitionMinute[]> {
  const accepted = acceptedOf(rows);
  if (accepted.size === 0) return [];
  // Asked for before the counts: what is settled now is in them.
  const settled = new Map(
    [...new Set([...accepted.values()].map(({ partition }) => partition))].map((partition) => {
      const through = (stage: LedgerStage): number => settledThrough(stage, topic, partition);
      return [
        partition,
        { load: through("load"), lake: through("lake"), stream: through("stream") },
      ];
    }),
  );
  const loaded = await warehouseCounts(warehouse, topic, from, to);
  const nothing: MinuteCounts = new Map();
  const inLake = lake ? await lakeCounts(lake, warehouse, { topic, from, to }, filesSql) : nothing;
  // Events that came in while the stages were counted may be in those counts already.
  const meanwhile = acceptedOf(await ledger({ from, to, topic }));
  return [...accepted].map(([key, { partition, minute, n }]) => {
    const most = meanwhile.get(key)?.n ?? n;
    const passed = settled.get(partition)!;
    const isPast = (through: number): boolean => through >= minute + 60_000;
    const counts = { accepted: n, loaded: loaded.get(key) ?? 0, lake: inLake.get(key) ?? 0 };
    const stages = {
      load: isPast(passed.load),
      lake: isPast(passed.lake),
      stream: isPast(passed.stream),
    };
    const agrees = (count: number, isSettled: boolean): boolean =>
      count <= most && (!isSettled || count >= n);
    return {
      topic,
      partition,
      minute: new Date(minute).toISOString(),
      ...counts,
      settled: stages,
      balanced: agrees(counts.loaded, stages.load) && agrees(counts.lake, stages.lake),
    };
  });
}

interface Accepted {
  readonly partition: number;
  readonly minute: number;
  n: number;
}

/** Accepted events by partition and minute, whatever they came by. */
function acceptedOf(rows: readonly LedgerRow[]): ReadonlyMap<string, Accepted> {
  const sums = new Map<string, Accepted>();
  for (const { status, partition, minute, n } of rows) {
    if (status !== "accepted" || partition === null) continue;
    const key = minuteKey(partition, minute);
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { partition, minute, n });
    else sum.n += n;
  }
  return sums;
}
