/** What an import is of: its file and topic, and how the file was read. */
export interface ImportName {
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly file: string;
  readonly topic: string;
  /** Names the map and the zone: other ones read the same file anew. */
  readonly reading: string;
}

/** What became of rows; together they are all of them. */
export interface ImportTally {
  accepted: number;
  /** Already there: by this file's earlier import or by their own ids. */
  duplicate: number;
  quarantined: number;
  refused: number;
  /** Blank, or left out by the map. */
  skipped: number;
}

/** Rows that weren't taken for one reason. */
export interface ImportProblem {
  readonly reason: string;
  readonly field: string | null;
  readonly rule: string | null;
  n: number;
  /** The first of them: its number in the file, from 1, and what was wrong with it. */
  readonly firstRow: number;
  readonly message: string;
}

/** How far an import is. */
export interface ImportProgress extends Readonly<ImportTally> {
  /** Rows done with: 1 to this. */
  readonly rows: number;
  /** Whether the client said that there are no more. */
  readonly complete: boolean;
  readonly problems: readonly ImportProblem[];
}

export const emptyTally = (): ImportTally => ({
  accepted: 0,
  duplicate: 0,
  quarantined: 0,
  refused: 0,
  skipped: 0,
});

/** An import of which nothing is known. */
export const NO_PROGRESS: ImportProgress = {
  rows: 0,
  ...emptyTally(),
  complete: false,
  problems: [],
};

/** Adds tallies up. */
export function addTally(to: ImportTally, more: Readonly<ImportTally>): void {
  to.accepted += more.accepted;
  to.duplicate += more.duplicate;
  to.quarantined += more.quarantined;
  to.refused += more.refused;
  to.skipped += more.skipped;
}

/** Adds a problem to those already there, one entry per reason, field and rule. */
export function addProblem(to: ImportProblem[], more: ImportProblem): void {
  const same = to.find(
    ({ reason, field, rule }) =>
      reason === more.reason && field === more.field && rule === more.rule,
  );
  if (same === undefined) to.push({ ...more });
  else same.n += more.n;
}
