import type { ImportReport } from "../ingest/import/import-file.ts";

/** What `millrace import` tells at the end, `--json` included. */
export interface ImportSummary {
  readonly file: string;
  readonly sha256: string;
  readonly topic: string;
  readonly dry_run: boolean;
  readonly rows: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly refused: number;
  readonly skipped: number;
  /** Of `rows`, those that an earlier run had done. */
  readonly done_before: number;
  readonly seconds: number;
  readonly problems: readonly {
    readonly reason: string;
    readonly field: string | null;
    readonly rule: string | null;
    readonly n: number;
    readonly first_row: number;
    readonly first_line: number | null;
    readonly message: string;
  }[];
  /** What `POST /v1/amend` answered. */
  readonly amended: unknown;
}

export function importSummary(
  about: Pick<ImportSummary, "file" | "sha256" | "topic" | "dry_run" | "seconds">,
  { progress, doneBefore, lines }: ImportReport,
  amended: unknown,
): ImportSummary {
  const { rows, accepted, duplicate, quarantined, refused, skipped } = progress;
  return {
    ...about,
    rows,
    accepted,
    duplicate,
    quarantined,
    refused,
    skipped,
    done_before: doneBefore,
    problems: progress.problems.map(({ reason, field, rule, n, firstRow, message }) => ({
      reason,
      field,
      rule,
      n,
      first_row: firstRow,
      first_line: lines.get(firstRow) ?? null,
      message,
    })),
    amended,
  };
}

/** The summary for a person. */
export function summaryText(summary: ImportSummary): string {
  const lines: string[] = [];
  const { rows, done_before: before, dry_run: isDry } = summary;
  if (!isDry && before === rows && rows > 0) {
    lines.push(`${summary.file} was imported before: nothing changed. What became of it:`);
  } else if (before > 0) {
    lines.push(`Went on after row ${number(before)}, where an earlier run ended.`);
  }
  const parts = [
    ["accepted", isDry ? "would be accepted" : ""],
    ["duplicate", "already there"],
    ["quarantined", isDry ? "" : "kept with the reason: millrace quarantine list"],
    ["refused", "not kept"],
    ["skipped", "blank, or left out by the map"],
  ] as const;
  const width = number(rows).length;
  lines.push(`  ${number(rows).padStart(width)} rows read`);
  for (const [name, note] of parts) {
    const n = summary[name];
    if (n === 0 && name !== "accepted") continue;
    lines.push(`  ${number(n).padStart(width)} ${name}${note === "" ? "" : `  (${note})`}`);
  }
  for (const {
    reason,
    field,
    rule,
    n,
    first_row: row,
    first_line: line,
    message,
  } of summary.problems) {
    const about = rule ?? field;
    const where =
      line === null || line === row
        ? `row ${number(row)}`
        : `row ${number(row)}, line ${number(line)}`;
    lines.push(
      `  ${reason}${about === null ? "" : ` (${about})`}: ${number(n)}, first at ${where}`,
    );
    lines.push(`    ${message}`);
  }
  return `${lines.join("\n")}\n`;
}

export const number = (n: number): string => n.toLocaleString("en-US");
