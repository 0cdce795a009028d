import type { Json } from "../../core/canonical-json.ts";
import { dayOf } from "../../core/time.ts";
import { rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf, type Topic } from "../../language/plan/topic.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { Quarantined, QuarantineQuery } from "../../storage/log/log.ts";
import { quotedTable } from "../../storage/warehouse/statements.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { fieldOf, type FoundPlace, type FoundRow, loadedPlaces } from "./find-event.ts";
import { type QuarantineItem, quarantineItem } from "./quarantine-list.ts";
import { type TouchedWindow, touchedWindows } from "./touched-windows.ts";

/** Where a trace looks. */
export interface TraceSources {
  readonly plan: Plan;
  readonly warehouse: Warehouse;
  readonly lake?: LakeReader | undefined;
  /** Gives what finds places of an event among what the warehouse doesn't have at this moment. */
  readonly findUnloaded: () => (topic: Topic, eventId: string) => readonly FoundPlace[];
  /** The row at a place of the log; undefined where retention has removed it. */
  readonly row: (topic: string, place: FoundPlace) => Promise<FoundRow | undefined>;
  /** Whether a stage has taken what is at a place. */
  readonly hasPassed: (stage: "lake" | "stream", topic: string, place: FoundPlace) => boolean;
  readonly quarantined: (query: QuarantineQuery) => Promise<readonly Quarantined[]>;
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
  const kept = await sources.quarantined({ eventId, limit: 20 });
  const quarantined = kept.map(quarantineItem);
  const status =
    accepted.length > 0 ? "accepted" : quarantined.length > 0 ? "quarantined" : "unknown";
  return { event_id: eventId, status, accepted, quarantined };
}

async function traceInTopic(
  sources: TraceSources,
  topic: Topic,
  eventId: string,
): Promise<TracedEvent[]> {
  // The position first: what is loaded meanwhile is found twice rather than not at all.
  const unloaded = sources.findUnloaded();
  const loaded = await loadedPlaces(sources.warehouse, topic, eventId);
  const places = new Map<string, FoundPlace>();
  for (const place of [...loaded, ...unloaded(topic, eventId)]) {
    places.set(`${place.partition} ${place.offset}`, place);
  }
  return Promise.all([...places.values()].map((place) => traced(sources, topic, place)));
}

async function traced(
  sources: TraceSources,
  topic: Topic,
  place: FoundPlace,
): Promise<TracedEvent> {
  const { warehouse, plan, hasPassed } = sources;
  const { partition, offset } = place;
  const inTable = await tableRow(warehouse, topic, place);
  const row = await sources.row(topic.name, place);
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
      covered: hasPassed("lake", topic.name, place),
      files: files
        .filter(({ date }) => times !== undefined && date === dayOf(times.event))
        .map(({ path }) => path),
    },
    streamed: hasPassed("stream", topic.name, place),
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
