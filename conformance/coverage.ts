/**
 * Which case shows what, and why nothing shows the rest. The rows come from the plan's node kinds
 * (`construct.ts`), the columns from `hazard.ts`; a cell names cases or carries a reason.
 */
import type { Case } from "./case.ts";
import { kindOf } from "./case.ts";
import {
  CONSTRUCTS,
  usedBy,
  VARIANTS,
  type Construct,
  type Family,
  type Variant,
} from "./construct.ts";
import { APPLIED_TO_ALL, HAZARDS, type ClaimedHazard, type Hazard } from "./hazard.ts";

/** One cell of the table. */
export interface Cell {
  readonly construct: Construct;
  readonly hazard: Hazard;
  /** Names of the cases that show it. */
  readonly cases: readonly string[];
  /** Why there needn't be any. */
  readonly reason?: string;
}

type Reasons = { readonly [Name in ClaimedHazard]?: string };

const ONE_RECORD = "an expression sees one record at a time";
const WINDOWS_DECIDE = "the window decides what a group has; an aggregate sees the set";
const SESSIONS_ONLY = "only session windows have a gap";
const SLIDING_ONLY = "only sliding windows overlap";
const BEFORE_WINDOWS = "it is settled at the door, before any window";
const AFTER_GATE = "nothing behind the gate sees a duplicate (door-duplicates)";
const NO_LATENESS = "it has no grace: all events of the day count (model-days, cubes)";
const NO_CLOSING = "it doesn't close";
const NO_VALUES = "it computes with no amount of its own";

const SESSION_REASONS = {
  "gap equal": SESSIONS_ONLY,
  "gap + 1 ms": SESSIONS_ONLY,
  "merging sessions": SESSIONS_ONLY,
  "sliding edges": SLIDING_ONLY,
} as const;

/** Reasons that hold for every construct of a family that has no case for the hazard. */
const OF_FAMILY: Record<Family, Reasons> = {
  node: SESSION_REASONS,
  window: {
    duplicates: AFTER_GATE,
    ...SESSION_REASONS,
  },
  aggregate: {
    duplicates: AFTER_GATE,
    future: WINDOWS_DECIDE,
    "idle partition": WINDOWS_DECIDE,
    "day's edge": WINDOWS_DECIDE,
    "gap equal": WINDOWS_DECIDE,
    "gap + 1 ms": WINDOWS_DECIDE,
  },
  expression: {
    duplicates: AFTER_GATE,
    "out of order": ONE_RECORD,
    "late by 1 ms": ONE_RECORD,
    "not late": ONE_RECORD,
    future: ONE_RECORD,
    "idle partition": ONE_RECORD,
    "day's edge": ONE_RECORD,
    "gap equal": ONE_RECORD,
    "gap + 1 ms": ONE_RECORD,
    "merging sessions": ONE_RECORD,
    "sliding edges": ONE_RECORD,
    decimals: NO_VALUES,
    overflow: NO_VALUES,
    "schema change": "it takes a column that is null as any null (expression field)",
  },
  clean: {
    overflow: "what doesn't fit its field is quarantined, clean or not",
    "out of order": BEFORE_WINDOWS,
    "late by 1 ms": BEFORE_WINDOWS,
    "not late": BEFORE_WINDOWS,
    future: BEFORE_WINDOWS,
    "idle partition": BEFORE_WINDOWS,
    "day's edge": BEFORE_WINDOWS,
    "gap equal": BEFORE_WINDOWS,
    "gap + 1 ms": BEFORE_WINDOWS,
    "merging sessions": BEFORE_WINDOWS,
    "sliding edges": BEFORE_WINDOWS,
    "schema change": "rows in the log are clean already; steps that change concern new events only",
  },
};

const STREAM_REASON = "a stream's rows are those of its source, flags, times and order with them";
const RULE_REASON = "a rule looks at one event, at the door";

/** Reasons of single constructs; they come before those of the family. */
const OF_CONSTRUCT: { readonly [Name in Construct]?: Reasons } = {
  "node table": {
    overflow: NO_VALUES,
    "late by 1 ms": "a version counts by its time; there is no late one",
    "not late": "a version counts by its time; there is no late one",
    future: "its times are settled as those of events are (door-times)",
    "idle partition": NO_CLOSING,
    "schema change": "its rows are rows of a topic (node event)",
  },
  "node stream": {
    overflow: "an amount that doesn't fit makes no row and is counted; its source's row stays",
    "not late": STREAM_REASON,
    future: STREAM_REASON,
    "idle partition": STREAM_REASON,
    "day's edge": STREAM_REASON,
    "schema change": "rows that a stream made stay as they were made",
  },
  "node anomaly": {
    duplicates: AFTER_GATE,
    overflow: "a null is no value of the history, whyever it is null (anomaly-history)",
    "not late": "it looks at closed rows only",
    future: "it looks at closed rows only",
    "day's edge": "its windows are those of its metric",
    "schema change": "it reads rows of metrics, whose meaning changes with their definition",
  },
  "node rule": {
    overflow: "comparing is exact at any size (expression compare)",
    "out of order": RULE_REASON,
    "late by 1 ms": RULE_REASON,
    "not late": RULE_REASON,
    future: RULE_REASON,
    "idle partition": RULE_REASON,
    "day's edge": RULE_REASON,
    "schema change": "events in the log were checked when they came",
  },
  "node model": {
    duplicates: AFTER_GATE,
    future: "a day has the events of that day, whenever they came",
    "idle partition": NO_CLOSING,
  },
  "node cube": {
    duplicates: AFTER_GATE,
    future: NO_LATENESS,
    "idle partition": NO_CLOSING,
  },
  "aggregate countDistinct": { decimals: "different amounts can't be counted (refused)" },
  "expression call": { decimals: NO_VALUES },
};

const isAppliedToAll = (hazard: Hazard): hazard is (typeof APPLIED_TO_ALL)[number] =>
  (APPLIED_TO_ALL as readonly Hazard[]).includes(hazard);

/** The table, row by row. */
export function coverageOf(cases: readonly Case[]): readonly Cell[] {
  const run = cases.filter((each) => each.expected.every((row) => kindOf(row) !== "problem"));
  const uses = new Map(run.map((each) => [each.name, usedBy(each.plan)]));
  return constructs().flatMap((construct) =>
    HAZARDS.map((hazard): Cell => {
      if (isAppliedToAll(hazard)) {
        const all = run.filter(({ name }) => uses.get(name)!.has(construct));
        return { construct, hazard, cases: all.map((each) => each.name) };
      }
      const shown = run.filter((each) => each.shows[construct]?.includes(hazard));
      const reason = OF_CONSTRUCT[construct]?.[hazard] ?? OF_FAMILY[CONSTRUCTS[construct]][hazard];
      return {
        construct,
        hazard,
        cases: shown.map((each) => each.name),
        ...(shown.length === 0 && reason !== undefined && { reason }),
      };
    }),
  );
}

const constructs = (): readonly Construct[] => Object.keys(CONSTRUCTS) as Construct[];

/** Reasons of single constructs beside cells that have cases: they are to go. */
export function idleReasons(cells: readonly Cell[]): readonly string[] {
  return cells
    .filter(({ cases, construct, hazard }) => {
      const own: Readonly<Record<string, string | undefined>> = OF_CONSTRUCT[construct] ?? {};
      return cases.length > 0 && own[hazard] !== undefined;
    })
    .map(({ construct, hazard }) => `${construct} × ${hazard}`);
}

/** The cases that use each variant of a construct. */
export function variantsOf(cases: readonly Case[]): ReadonlyMap<Variant, readonly string[]> {
  const uses = cases.map((each) => [each.name, usedBy(each.plan)] as const);
  return new Map(
    (Object.keys(VARIANTS) as Variant[]).map((variant) => [
      variant,
      uses.filter(([, used]) => used.has(variant)).map(([name]) => name),
    ]),
  );
}
