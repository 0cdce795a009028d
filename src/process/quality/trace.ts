import type { Json } from "../../core/canonical-json.ts";
import { dayOf } from "../../core/time.ts";
import { rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";
import { quotedTable } from "../../storage/warehouse/statements.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { fieldOf, type FoundPlace, loadedPlaces, rowAt, unloadedPlaces } from "./find-event.ts";
import { type QuarantineItem, quarantineItem } from "./quarantine-list.ts";
import { type TouchedWindow, touchedWindows } from "./touched-windows.ts";

/** Where a trace looks. */
export interface TraceSources {
  readonly plan: Plan;
  readonly log: LogReader;
  readonly warehouse: Warehouse;
  readonly lake?: LakeReader | undefined;
  readonly layoutOf: (topic: string, layoutId: number) => Layout;
  /** How far the warehouse, the lake and the operators have come, from their own records. */
  readonly positions: (stage: "load" | "lake" | "stream") => readonly ReaderPosition[];
}

/** One accepted event, in one topic: of its own, or derived from it. */
export interface TracedEvent {
  readonly topic: string;
  /** A stream that was made from another topic. */
  readonly derived: boolean;
  readonly partition: number;
  readonly offset: number;
  /** RFC 3339; null where the log has let it go and the warehouse doesn't have it. */
  readonly received_at: string | null;
  /** The event as stored; null where the log's retention has removed it. */
  readonly event: Json | null;
  readonly warehouse: { readonly loaded: boolean; readonly rows: number };
  /** Files of the lake that hold it. */
  readonly lake: { readonly covered: boolean; readonly files: readonly string[] };
  /** Whether the operators have passed it. */
  readonly streamed: boolean;
  /** Windows that it counts in; null where the log's retention has removed it. */
  readonly windows: readonly TouchedWindow[] | null;
}

/** What is known of one event id. */
export interface Trace {
  readonly event_id: string;
  readonly status: "accepted" | "quarantined" | "unknown";
  readonly accepted: readonly TracedEvent[];
  readonly quarantined: readonly QuarantineItem[];
}

/** Tells where an event is, and why. Duplicates leave no trace but their count in the ledger. */
export async function traceEvent(sources: TraceSources, eventId: string): Promise<Trace> {
  const accepted: TracedEvent[] = [];
  for (const topic of topicsOf(sources.plan)) {
    accepted.push(...(await traceInTopic(sources, topic, eventId)));
  }
  const quarantined = sources.log.quarantined({ eventId, limit: 20 }).map(quarantineItem);
  const status =
    accepted.length > 0 ? "accepted" : quarantined.length > 0 ? "quarantined" : "unknown";
  return { event_id: eventId, status, accepted, quarantined };
}

async function traceInTopic(
  sources: TraceSources,
  topic: Topic,
  eventId: string,
): Promise<TracedEvent[]> {
  const { log, warehouse, layoutOf } = sources;
  // The position first: what is loaded meanwhile is found twice rather than not at all.
  const position = sources.positions("load");
  const loaded = await loadedPlaces(warehouse, topic, eventId);
  const places = new Map<string, FoundPlace>();
  for (const place of [...loaded, ...unloadedPlaces(log, topic, eventId, position, layoutOf)]) {
    places.set(`${place.partition} ${place.offset}`, place);
  }
  return Promise.all([...places.values()].map((place) => traced(sources, topic, place)));
}

async function traced(
  sources: TraceSources,
  topic: Topic,
  place: FoundPlace,
): Promise<TracedEvent> {
  const { log, warehouse, plan, layoutOf, positions } = sources;
  const { partition, offset } = place;
  const inTable = await tableRow(warehouse, topic, place);
  const row = rowAt(log, topic.name, place, layoutOf);
  const hasPassed = (stage: "lake" | "stream"): boolean =>
    positions(stage).some(
      (each) => each.topic === topic.name && each.partition === partition && each.offset > offset,
    );
  let times = inTable.times;
  if (row !== undefined) {
    const program = compileRows(row.layout, [fieldOf(row.layout, topic.name, topic.time)]);
    program.run(row.rows, row.start);
    times = { received: program.receivedAt(), event: program.value(0) as number };
  }
  const files = (await sources.lake?.find(topic.name, partition, offset)) ?? [];
  return {
    topic: topic.name,
    derived: topic.node.kind === "stream",
    partition,
    offset,
    received_at: times === undefined ? null : new Date(times.received).toISOString(),
    event: row === undefined ? null : rowToObject(row.layout, row.rows, row.start),
    warehouse: { loaded: inTable.rows > 0, rows: inTable.rows },
    lake: {
      covered: hasPassed("lake"),
      files: files
        .filter(({ date }) => times !== undefined && date === dayOf(times.event))
        .map(({ path }) => path),
    },
    streamed: hasPassed("stream"),
    windows:
      row === undefined ? null : touchedWindows(plan, topic, row.layout, row.rows, row.start),
  };
}

async function tableRow(
  warehouse: Warehouse,
  topic: Topic,
  { partition, offset }: FoundPlace,
): Promise<{ rows: number; times: { received: number; event: number } | undefined }> {
  const rows = await warehouse.query<{ received: string; event: string }>(
    `SELECT toUnixTimestamp64Milli(received_at) AS received,
       toUnixTimestamp64Milli({time:Identifier}) AS event
     FROM ${quotedTable(topic.name)}
     WHERE _partition = {partition:UInt16} AND _offset = {offset:UInt64}`,
    { params: { time: topic.time, partition, offset } },
  );
  const [first] = rows;
  return {
    rows: rows.length,
    times: first && { received: Number(first.received), event: Number(first.event) },
  };
}
