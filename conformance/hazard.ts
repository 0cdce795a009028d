/**
 * What may go wrong with any construct, and how to see that a case really has it: a case that
 * claims a hazard its input lacks fails.
 */
import type { Case } from "./case.ts";
import type { LogRecord } from "./case.ts";
import { rootsOf } from "./log-of-case.ts";

export const HAZARDS = [
  "nulls",
  "duplicates",
  "decimals",
  "overflow",
  "out of order",
  "late by 1 ms",
  "not late",
  "future",
  "idle partition",
  "day's edge",
  "gap equal",
  "gap + 1 ms",
  "merging sessions",
  "sliding edges",
  "empty input",
  "schema change",
  "erasure of nothing",
] as const;

/** A column of the coverage table. */
export type Hazard = (typeof HAZARDS)[number];

/** Hazards that every case is put to by the runners: they need no claim. */
export const APPLIED_TO_ALL = ["empty input", "erasure of nothing"] as const;
export type ClaimedHazard = Exclude<Hazard, (typeof APPLIED_TO_ALL)[number]>;

const DAY_MS = 86_400_000;

interface Seen {
  readonly events: readonly (LogRecord & { readonly time: number })[];
  readonly of: Case;
}

/** Whether a case's input has a hazard. */
export function hasHazard(of: Case, records: readonly LogRecord[], hazard: ClaimedHazard): boolean {
  const roots = rootsOf(of);
  const events = records.flatMap((record) => {
    const topic = roots.find((each) => each.name === record.topic);
    const time = topic === undefined ? undefined : record.row?.values.get(topic.time);
    return typeof time === "number" ? [{ ...record, time }] : [];
  });
  return SEEN[hazard]({ events, of });
}

/** Whether two events of one partition key, next to each other in time, are `ms` apart. */
const hasDistance = ({ events, of }: Seen, ms: number): boolean => {
  const keyOf = ({ topic, row }: LogRecord): string => {
    const { key } = of.topics.find((each) => each.name === topic)!;
    return `${topic} ${String(key.map((path) => row!.values.get(path)).find((part) => typeof part === "string"))}`;
  };
  return [...Map.groupBy(events, keyOf).values()].some((same) => {
    const times = same.map((each) => each.time).toSorted((a, b) => a - b);
    return times.some((time, at) => at > 0 && time - times[at - 1]! === ms);
  });
};

const graces = ({ of }: Seen): readonly number[] => [
  ...of.plan.metrics.map((metric) => metric.graceMs),
  300_000,
];

const gaps = ({ of }: Seen): readonly number[] =>
  of.plan.metrics.flatMap(({ window }) => (window.kind === "session" ? [window.gapMs] : []));

const ids = ({ of }: Seen): readonly unknown[] =>
  of.input.flatMap(({ topic, event }) => {
    const name = topic ?? of.topics[0]!.name;
    const id = of.topics.find((each) => each.name === name)!.id;
    return event === undefined ? [] : [`${name} ${String(event[id])}`];
  });

const SEEN: Record<ClaimedHazard, (seen: Seen) => boolean> = {
  nulls: ({ events }) => events.some(({ row }) => declared(row!).some((value) => value === null)),
  duplicates: (seen) => new Set(ids(seen)).size < ids(seen).length,
  decimals: ({ events }) =>
    events.some(({ row }) =>
      row!.layout.columns.some(
        (column) =>
          column.codec.startsWith("decimal") && typeof row!.values.get(column.name) === "bigint",
      ),
    ),
  overflow: ({ of }) =>
    of.expected.some((row) => row["incomplete"] === true || row["reason"] === "AMOUNT_OVERFLOW"),
  "out of order": ({ events }) =>
    events.some((each, at) =>
      events.slice(at + 1).some((later) => later.topic === each.topic && later.time < each.time),
    ),
  "late by 1 ms": (seen) =>
    seen.events.some((each) => graces(seen).some((ms) => each.receivedAt === each.time + ms + 1)),
  "not late": (seen) =>
    seen.events.some((each) => graces(seen).some((ms) => each.receivedAt === each.time + ms)),
  future: ({ events, of }) =>
    events.some((each) => each.time > each.receivedAt) ||
    of.expected.some((row) => row["reason"] === "TIME_OUT_OF_RANGE"),
  "idle partition": ({ of }) => {
    const last = (partition: number): number =>
      Math.max(
        ...of.input
          .filter((each) => (each.partition ?? 0) === partition)
          .map((each) => Date.parse(each.received_at)),
      );
    const all = Array.from({ length: of.partitions }, (_, partition) => last(partition));
    return Math.max(...all) - Math.min(...all) >= 600_000;
  },
  "day's edge": (seen) =>
    seen.events.some(({ time }) => time % DAY_MS === 0) &&
    seen.events.some(({ time }) => time % DAY_MS === DAY_MS - 1),
  "gap equal": (seen) => gaps(seen).some((gap) => hasDistance(seen, gap)),
  "gap + 1 ms": (seen) => gaps(seen).some((gap) => hasDistance(seen, gap + 1)),
  "merging sessions": ({ of }) => of.expected.some((row) => row["op"] === "delete"),
  "sliding edges": ({ events, of }) =>
    of.plan.metrics.some(
      ({ window }) =>
        window.kind === "sliding" &&
        events.some(({ time }) => time % window.everyMs === 0) &&
        events.some(({ time }) => time % window.everyMs === window.everyMs - 1),
    ),
  "schema change": ({ of }) => of.input.some((each) => each.before === true),
};

const declared = ({ layout, values }: NonNullable<LogRecord["row"]>): readonly unknown[] =>
  layout.columns
    .filter((column) => column.role === "declared" && column.nullable)
    .map((column) => values.get(column.name) ?? null);
