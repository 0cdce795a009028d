import type { Layout } from "../../language/schema/layout.ts";
import type { LogReader, ReaderPosition } from "../../storage/log/log.ts";
import { rowAt, unloadedPlaces } from "./find-event.ts";
import type { LedgerSources, LedgerStage } from "./ledger.ts";
import { settledThrough } from "./settled-through.ts";
import type { TraceSources } from "./trace.ts";

export interface LogOptions {
  readonly log: LogReader;
  readonly layoutOf: (topic: string, layoutId: number) => Layout;
  /** How far the warehouse, the lake and the operators have come, from their own records. */
  readonly positions: (stage: LedgerStage) => readonly ReaderPosition[];
}

/** What the ledger and a trace ask of a log that is on the same machine. */
export const ofLog = ({
  log,
  layoutOf,
  positions,
}: LogOptions): Omit<LedgerSources, "warehouse"> & Omit<TraceSources, "plan" | "warehouse"> => ({
  rows: async (query) => log.ledger(query),
  settledThrough: (stage, topic, partition) =>
    settledThrough(log, topic, partition, positions(stage)),
  findUnloaded: () => {
    const loaded = positions("load");
    return (topic, eventId) => unloadedPlaces(log, topic, eventId, loaded, layoutOf);
  },
  row: async (topic, place) => rowAt(log, topic, place, layoutOf),
  hasPassed: (stage, topic, { partition, offset }) =>
    positions(stage).some(
      (each) => each.topic === topic && each.partition === partition && each.offset > offset,
    ),
  quarantined: async (query) => log.quarantined(query),
});
