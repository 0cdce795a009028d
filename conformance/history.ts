/**
 * Random histories of a small world: units of 1 ms, windows of tens of them, so that edges (exactly
 * on the grace, the gap, the end of a window, a negative time) come up in nearly every one.
 */
import fc from "fast-check";
import { encodeRow } from "../src/language/compile/javascript/encode-row.ts";
import {
  anomaly,
  avg,
  count,
  countDistinct,
  countIf,
  event,
  max,
  metric,
  min,
  pipeline,
  ratio,
  session,
  sliding,
  sum,
  t,
  tumbling,
} from "../src/index.ts";
import { topicsOf } from "../src/language/plan/topic.ts";
import type { Value } from "../src/language/plan/value.ts";
import type { OracleRecord } from "./oracle/evaluate.ts";

export const SMALL_SLACK_MS = 4;
const GRACE_MS = 6;

const small = event(
  "small",
  {
    event_id: t.id(),
    user: t.string().optional(),
    other: t.string().optional(),
    kind: t.oneOf("view", "buy", "else"),
    at: t.timestamp(),
    price: t.decimal(18, 2).optional(),
    huge: t.decimal(38, 0).optional(),
    quantity: t.integer().optional(),
    heat: t.float().optional(),
  },
  { id: "event_id", time: "at", key: "user" },
);
const { user, other, kind, at, price, huge, quantity, heat } = small.fields;
const grace = "6ms";
const isBuy = kind.is("buy");

const everything = {
  n: count(),
  buys: countIf(isBuy),
  paid: sum(price.times(quantity)).where(isBuy),
  most: sum(huge),
  first: min(at),
  hottest: max(heat),
  cheapest: min(price),
  average: avg(price),
  kinds: countDistinct(kind),
  amounts: countDistinct(quantity, { limit: 3 }),
  rate: ratio(countIf(isBuy), countIf(kind.is("view"))),
};

const metrics = [
  metric("fixed", {
    from: small,
    by: { kind },
    window: tumbling("10ms"),
    measures: everything,
    grace,
  }),
  metric("fixed-final", {
    from: small,
    where: kind.in("view", "buy"),
    by: { user: user.or(other), quantity, price },
    window: tumbling("7ms"),
    measures: { n: count(), paid: sum(price) },
    grace: "2ms",
    emit: "close",
  }),
  metric("moving", {
    from: small,
    where: price.gt("0.5").or(kind.is("view")),
    by: { user },
    window: sliding("12ms", "4ms"),
    measures: everything,
    grace,
    emit: "change",
  }),
  metric("uneven", {
    from: small,
    window: sliding("10ms", "4ms"),
    measures: { n: count(), amounts: countDistinct(quantity, { limit: 2 }) },
    grace,
    emit: "close",
  }),
  metric("visits", {
    from: small,
    by: { user },
    window: session("5ms"),
    measures: everything,
    grace,
    emit: "change",
  }),
  metric("visits-final", {
    from: small,
    where: kind.isNot("else"),
    by: { user: user.or(other) },
    window: session("8ms"),
    measures: { n: count(), revenue: sum(price).where(isBuy) },
    grace: "3ms",
    emit: "close",
  }),
] as const;

export const { plan } = pipeline({
  name: "histories",
  events: [small],
  metrics: [...metrics],
  alerts: [
    anomaly("odd", { on: metrics[0].measures.n, history: 4, threshold: 1, floor: 1, warmUp: 2 }),
    anomaly("odd-rate", { on: metrics[0].measures.rate, history: 3, threshold: 1 }),
    anomaly("odd-visit", { on: metrics[4].measures.paid, history: 3, threshold: 1 }),
  ],
});
export const topic = topicsOf(plan)[0]!;

/** One entry of a partition: a record, or a heartbeat. */
export interface Step {
  readonly partition: number;
  readonly receivedAt: number;
  /** None: a heartbeat. */
  readonly record?: OracleRecord;
  readonly row?: Uint8Array;
}

export interface History {
  readonly partitions: number;
  /** In the order in which they were appended. */
  readonly steps: readonly Step[];
  /** Numbers that decide how it is cut and interleaved. */
  readonly cuts: readonly number[];
}

const step = fc.record({
  partition: fc.nat(2),
  forward: fc.constantFrom(0, 0, 0, 1, 1, 2, 5, 30),
  backwards: fc.nat(SMALL_SLACK_MS - 1),
  delay: fc.constantFrom(0, 0, 1, 2, 3, 4, 5, GRACE_MS, GRACE_MS + 1, 9, 15, 40, -1, -2),
  user: fc.constantFrom("a", "a", "b", "é😀", null),
  other: fc.constantFrom("a", "z", null),
  kind: fc.constantFrom("view", "buy", "else"),
  price: fc.constantFrom(null, 0n, 50n, 51n, 1234n, -70n),
  huge: fc.constantFrom(null, null, null, 1n, 10n ** 38n - 1n, -(10n ** 38n) + 1n),
  quantity: fc.constantFrom(null, 0n, 1n, 2n, 3n, 4n, -5n, 2n ** 62n),
  heat: fc.constantFrom(null, 1.5, -2.25, 0),
  flags: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 4, 16),
  heartbeat: fc.constantFrom(false, false, false, false, true),
});

/** A history of up to `stepsMax` steps, around 1970, around a day's edge, or late in the century. */
export const anyHistory = (stepsMax: number): fc.Arbitrary<History> =>
  fc
    .record({
      partitions: fc.integer({ min: 1, max: 3 }),
      origin: fc.constantFrom(-20, 0, 86_400_000 - 20, 4_000_000_000_000),
      steps: fc.array(step, { minLength: 1, maxLength: stepsMax, size: "max" }),
      cuts: fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }),
      tail: fc.constantFrom(0, 0, 20, 100),
    })
    .map(({ partitions, origin, steps, cuts, tail }) => {
      let now = origin;
      const offsets = [0, 0, 0];
      const made = steps.map((each): Step => {
        now += each.forward;
        const partition = each.partition % partitions;
        const receivedAt = now - each.backwards;
        const offset = offsets[partition]!++;
        if (each.heartbeat) return { partition, receivedAt: now };
        const record = recordOf({ ...each, partition, receivedAt, offset });
        const values = topic.layout.columns.map((column) => record.get(column.name) ?? null);
        return { partition, receivedAt, record, row: encodeRow(topic.layout, values) };
      });
      const beats = Array.from({ length: tail === 0 ? 0 : partitions }, (_, partition) => ({
        partition,
        receivedAt: now + tail,
      }));
      return { partitions, steps: [...made, ...beats], cuts };
    });

function recordOf(
  from: {
    readonly [Name in "user" | "other" | "kind"]: string | null;
  } & {
    readonly [Name in "price" | "huge" | "quantity"]: bigint | null;
  } & {
    readonly [Name in "delay" | "receivedAt" | "partition" | "flags" | "offset"]: number;
  } & { readonly heat: number | null },
): OracleRecord {
  return new Map<string, Value>([
    ["_offset", BigInt(from.offset)],
    ["received_at", from.receivedAt],
    ["_partition", BigInt(from.partition)],
    ["_flags", BigInt(from.flags)],
    ["event_id", `${from.partition}-${from.offset}`],
    ["user", from.user],
    ["other", from.other],
    ["kind", from.kind],
    ["at", from.receivedAt - from.delay],
    ["price", from.price],
    ["huge", from.huge],
    ["quantity", from.quantity],
    ["heat", from.heat],
  ]);
}
