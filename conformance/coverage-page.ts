import type { Case } from "./case.ts";
import { coverageOf, variantsOf, type Cell } from "./coverage.ts";
import { APPLIED_TO_ALL, HAZARDS, type Hazard } from "./hazard.ts";
import { FIELD_GAPS, GAPS, NOT_MADE_BY, type Engine } from "./gaps.ts";

/** `docs/specs/conformance.md`, from the cases there are. */
export function coveragePage(cases: readonly Case[]): string {
  const cells = coverageOf(cases);
  const reasons = [...new Set(cells.flatMap(({ reason }) => reason ?? []))];
  return [
    "# Conformance",
    "",
    "<!-- Written by `node conformance/print-coverage.ts`; a test holds it to be current. -->",
    "",
    "Every engine MUST give the rows that the cases of `conformance/cases` expect. A case is a folder:",
    "`pipeline.ts`, the log's records in `input.jsonl`, and `expected.jsonl`, worked out by hand from",
    "[the semantics](../../ARCHITECTURE.md), never from an engine's output. A plan goes through its JSON form before",
    "each run. The embedded operators run each case straight, record by record, restored from a snapshot",
    "after every n-th batch, and with partitions in other orders; ClickHouse runs it from the same rows",
    "by the compiled SQL. In these, every case is also run with no events at all and after the erasure",
    "of a subject that it hasn't. Spark computes it from Parquet files; Flink from real topics, first as",
    "the log is, then with a heartbeat that closes every window, held to the oracle.",
    "",
    "## Cases",
    "",
    "| case | what it shows |",
    "|---|---|",
    ...cases.map(({ name, about }) => `| \`${name}\` | ${about.replaceAll("|", "\\|")} |`),
    "",
    "## Constructs and hazards",
    "",
    "A number says how many cases show it, a letter why none does. `∀`: every case that uses the",
    "construct is put to it.",
    "",
    ...table(cells, reasons),
    "",
    ...reasons.map((reason, at) => `* **${letter(at)}** ${reason}`),
    "",
    "## Which case shows what",
    "",
    "| construct | hazard | cases |",
    "|---|---|---|",
    ...cells
      .filter(({ hazard, cases: shown }) => !isForAll(hazard) && shown.length > 0)
      .map(
        ({ construct, hazard, cases: shown }) => `| ${construct} | ${hazard} | ${codes(shown)} |`,
      ),
    "",
    "## Variants",
    "",
    "| variant | cases |",
    "|---|---|",
    ...[...variantsOf(cases)].map(([variant, used]) => `| ${variant} | ${few(used)} |`),
    "",
    "## What an engine doesn't make",
    "",
    ...(Object.keys(NOT_MADE_BY) as Engine[]).flatMap((engine) =>
      Object.entries(NOT_MADE_BY[engine]).map(([kind, why]) => `* ${engine}, ${kind}: ${why}`),
    ),
    ...FIELD_GAPS.map(
      ({ engine, field, window, reason }) =>
        `* ${engine}, \`${field}\` of ${window} windows: ${reason}`,
    ),
    "",
    "## Gaps",
    "",
    ...(GAPS.length === 0
      ? ["None."]
      : GAPS.map((gap) => `* \`${gap.case}\`, ${gap.engine}: ${gap.reason}`)),
    "",
  ].join("\n");
}

const isForAll = (hazard: Hazard): boolean =>
  (APPLIED_TO_ALL as readonly Hazard[]).includes(hazard);

function table(cells: readonly Cell[], reasons: readonly string[]): readonly string[] {
  const rows = Map.groupBy(cells, (cell) => cell.construct);
  return [
    `| | ${HAZARDS.join(" | ")} |`,
    `|---|${HAZARDS.map(() => "---").join("|")}|`,
    ...[...rows].map(([construct, row]) => {
      const shown = row.map((cell) => content(cell, reasons));
      return `| ${construct} | ${shown.join(" | ")} |`;
    }),
  ];
}

function content({ hazard, cases, reason }: Cell, reasons: readonly string[]): string {
  if (isForAll(hazard)) return cases.length === 0 ? "" : "∀";
  if (cases.length > 0) return String(cases.length);
  return reason === undefined ? "" : letter(reasons.indexOf(reason));
}

/** a, b, … z, aa, ab, … */
const letter = (at: number): string =>
  (at < 26 ? "" : String.fromCharCode(96 + Math.floor(at / 26))) +
  String.fromCharCode(97 + (at % 26));

const codes = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

const FEW = 4;
const few = (names: readonly string[]): string =>
  names.length <= FEW
    ? codes(names)
    : `${codes(names.slice(0, FEW))} and ${names.length - FEW} more`;
