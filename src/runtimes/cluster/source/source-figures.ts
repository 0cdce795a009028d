import type { Tally } from "../../../ingest/answer.ts";
import { FATE_NAMES } from "../../../ingest/outcome.ts";
import type { Figure } from "../../../serve/observe/figures.ts";

/** What became of everything that came from sources, by their kind. */
export const sourceFigures = (tallies: ReadonlyMap<string, Tally>): Figure => ({
  name: "millrace_source_events_total",
  help: "Events and rows that came from sources, by what became of them",
  type: "counter",
  samples: [...tallies].flatMap(([source, tally]) =>
    FATE_NAMES.map((fate, at) => ({ labels: { source, fate }, value: tally[at]! })),
  ),
});
