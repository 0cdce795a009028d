import type { ImportName, ImportProblem, ImportProgress, ImportTally } from "./import-progress.ts";
import type { RowBits } from "./row-bits.ts";

/** What one batch of rows did to an import. */
export interface ImportStep {
  /** The first row of the batch. */
  readonly first: number;
  readonly count: number;
  readonly tally: Readonly<ImportTally>;
  readonly problems: readonly ImportProblem[];
  /** Which of its rows are in the log; bit 0 is row `first`. */
  readonly taken: RowBits;
}

/** A batch that is on its way into the log, on record before it is sent there. */
export interface PendingStep extends ImportStep {
  readonly reading: string;
  /** Received time from which the ledger has it, ms. */
  readonly since: number;
  /** What the ledger had of this import from `since` on before it. */
  readonly inBefore: number;
  readonly duplicateBefore: number;
}

/** Durable knowledge of imports; every change is synced when its method returns. */
export interface ImportStore {
  progress(name: ImportName): ImportProgress;
  /** Which of the rows `[first, first + count)` an earlier import of the file has taken. */
  taken(name: ImportName, first: number, count: number): RowBits;
  /** The batch that may or may not be in the log, of any reading. */
  pending(name: ImportName): PendingStep | undefined;
  begin(name: ImportName, step: PendingStep): void;
  /** Records a batch that is in the log; there is no pending one afterwards. */
  commit(name: ImportName, step: ImportStep): void;
  /** Forgets the pending batch, which never came into the log. */
  cancel(name: ImportName): void;
  complete(name: ImportName): void;
  close(): void;
}
