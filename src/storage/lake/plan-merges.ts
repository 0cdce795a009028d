import type { LakeFile, LakeMerge, MergeQuery } from "./lake.ts";

/** So many small files are merged into a large one, however little they add to it. */
const FEW_FILES = 8;

/**
 * Which files to merge: runs of neighbouring small files of one (topic, day, partition) and format,
 * when the day is over or the run is long. A large file waits until enough has come to be worth
 * writing it again, so that late events cost each row a few rewrites, not one a file. Pure; `files`
 * in any order.
 */
export function planMerges(files: readonly LakeFile[], query: MergeQuery): LakeMerge[] {
  const groups = Map.groupBy(files, ({ topic, date, partition, format }) =>
    [topic, date, partition, format].join("\0"),
  );
  const merges: LakeMerge[] = [];
  for (const group of groups.values()) {
    const { topic, date, partition } = group[0]!;
    const least = date < query.today ? 2 : query.filesMax;
    for (const run of runsOf(group, query.bytesMax)) {
      if (run.length >= least && isWorth(run)) merges.push({ topic, date, partition, files: run });
    }
  }
  return merges.toSorted((left, right) => bytesOf(left.files) - bytesOf(right.files));
}

function isWorth(run: readonly LakeFile[]): boolean {
  const largest = Math.max(...run.map(({ bytes }) => bytes));
  return run.length >= FEW_FILES || largest <= (bytesOf(run) * 2) / 3;
}

/** Neighbours by offset, cut where a file is large or the run becomes so. */
function runsOf(group: readonly LakeFile[], bytesMax: number): LakeFile[][] {
  const runs: LakeFile[][] = [[]];
  let bytes = 0;
  for (const file of group.toSorted((left, right) => left.from - right.from)) {
    if (bytes + file.bytes > bytesMax) {
      runs.push([]);
      bytes = 0;
    }
    runs.at(-1)!.push(file);
    bytes += file.bytes;
  }
  return runs;
}

const bytesOf = (files: readonly LakeFile[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0);
