import type { LedgerRow } from "../../storage/log/log.ts";
import type { MinuteCount } from "./quality-store.ts";

export interface ClusterCounts {
  /** In raw topics, by partition. */
  readonly received: readonly MinuteCount[];
  /** Behind the gate, in the warehouse, by partition. */
  readonly clean: readonly Pick<MinuteCount, "topic" | "partition" | "minute" | "n">[];
  readonly quarantined: readonly MinuteCount[];
  readonly refused: readonly MinuteCount[];
  /** Up to which received time a partition was counted, let through and loaded, ms. */
  readonly settledThrough: (topic: string, partition: number) => number;
}

/**
 * The ledger's rows of a cluster. What came in is what lies in raw topics and what was kept out of
 * them; what of a settled minute isn't behind the gate was there before, a duplicate. Before a minute
 * is settled all of it counts as accepted.
 */
export function clusterLedger(counts: ClusterCounts): LedgerRow[] {
  const places = new Map<string, Place>();
  const placeOf = ({ topic, partition, minute }: Omit<Place, "raw" | "clean">): Place => {
    const id = `${minute} ${partition} ${topic}`;
    const place = places.get(id) ?? { topic, partition, minute, raw: 0, clean: 0 };
    places.set(id, place);
    return place;
  };
  for (const { n, partition, ...each } of counts.received) {
    placeOf({ ...each, partition: partition ?? 0 }).raw += n;
  }
  for (const { n, partition, ...each } of counts.clean) {
    placeOf({ ...each, partition: partition ?? 0 }).clean += n;
  }
  return [
    ...[...places.values()].flatMap((place) => rowsOf(place, counts.settledThrough)),
    ...counts.quarantined.flatMap((each) => keptOut(each, "quarantined")),
    ...counts.refused.flatMap((each) => keptOut(each, "refused")),
  ].toSorted((one, other) => one.minute - other.minute || (one.topic < other.topic ? -1 : 1));
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly minute: number;
  raw: number;
  clean: number;
}

const MINUTE_MS = 60_000;

function rowsOf(
  { topic, partition, minute, raw, clean }: Place,
  settledThrough: ClusterCounts["settledThrough"],
): LedgerRow[] {
  const isSettled = settledThrough(topic, partition) >= minute + MINUTE_MS;
  const came = isSettled ? raw : Math.max(raw, clean);
  const accepted = isSettled ? clean : came;
  const common = { topic, minute, reason: "", source: "" };
  const rows: LedgerRow[] = [
    { ...common, partition: null, status: "in", n: came },
    { ...common, partition, status: "accepted", n: accepted },
  ];
  if (came > accepted) {
    rows.push({ ...common, partition: null, status: "duplicate", n: came - accepted });
  }
  return rows;
}

const keptOut = (
  { topic, minute, reason, source, n }: MinuteCount,
  status: "quarantined" | "refused",
): LedgerRow[] => [
  { topic, minute, partition: null, status: "in", reason: "", source, n },
  { topic, minute, partition: null, status, reason, source, n },
];
