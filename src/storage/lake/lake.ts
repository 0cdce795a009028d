/**
 * The lake: every accepted event in columnar files, by topic and UTC day of the event's time, each
 * file whole or absent, and a manifest that says which files there are. A file's name tells its
 * partition and the offsets it was made from; no two files of a day share an offset. What reads or
 * writes the manifest may go over a network, so all of it is asynchronous.
 */

/** What files are written in. */
export type LakeFormat = "parquet" | "orc";

/** Offsets `[from, to)` of one partition. */
export interface LakeRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A file's contents, as its writer counted them. Times in ms, least and greatest. */
export interface LakeFileContents {
  /** UTC day of the events' time, `YYYY-MM-DD`. */
  readonly date: string;
  readonly rows: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly minReceivedAt: number;
  readonly maxReceivedAt: number;
}

/** A written file that isn't in the lake yet. */
export interface StagedFile extends LakeFileContents {
  /** Where it is now: in the folder that `begin` gave. */
  readonly path: string;
}

/** A file of the lake. */
export interface LakeFile extends LakeRange, LakeFileContents {
  /** Absolute path, or a URL (`s3://bucket/key`). */
  readonly path: string;
  readonly format: LakeFormat;
  readonly bytes: number;
}

/** Everything before `offset` is in the lake. */
export interface LakePosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface LakeFilesQuery {
  readonly topic: string;
  /** First and last UTC day, `YYYY-MM-DD`, both inclusive; without them all days. */
  readonly fromDay?: string;
  readonly toDay?: string;
}

/** Reads the manifest; any number, in any process, beside the writer. */
export interface LakeReader {
  /** The files of these days, by day, partition and offset; exactly the events they hold count. */
  files(query: LakeFilesQuery): Promise<LakeFile[]>;
  /** How far the lake covers each partition of a topic. */
  coverage(topic: string): Promise<LakePosition[]>;
  /** Files whose range has this offset, one a day; the event is in the one of its own day. */
  find(topic: string, partition: number, offset: number): Promise<LakeFile[]>;
  /**
   * Keeps the files of a topic where they are, for `forMs` at most or until the function that it
   * gives is called: until then none of them is replaced by a merged one.
   */
  hold(topic: string, forMs: number): Promise<() => Promise<void>>;
  close(): void;
}

/** What a merge takes and makes. */
export interface LakeMerge {
  readonly topic: string;
  readonly date: string;
  readonly partition: number;
  readonly files: readonly LakeFile[];
}

export interface MergeQuery {
  /** Days before this one are over: two files are enough to merge them. `YYYY-MM-DD`. */
  readonly today: string;
  /** Files of a (day, partition) that is not over, from which on they are merged. */
  readonly filesMax: number;
  /** Bytes from which on a file is left alone, and that a merged one shouldn't much exceed. */
  readonly bytesMax: number;
}

/** The lake's writer: one at a time. */
export interface LakeWriterPort extends LakeReader {
  positions(): Promise<LakePosition[]>;
  /** Ranges that were begun and not committed: exactly these must be written again. */
  pending(): Promise<LakeRange[]>;
  /**
   * Records durably that this range is being written, and gives an empty folder for its files. A
   * range begins where the one before ended; while one is pending only the same can be begun.
   */
  begin(range: LakeRange): Promise<string>;
  /**
   * Takes the files of a range (none, where it has no events): each synced, renamed, its folder
   * synced; then manifest and position together.
   */
  commit(range: LakeRange, files: readonly StagedFile[]): Promise<LakeFile[]>;
  /** The merges that are worth doing now, the smallest files first. */
  merges(query: MergeQuery): Promise<LakeMerge[]>;
  /** An empty folder for the file that a merge makes. */
  beginMerge(merge: LakeMerge): Promise<string>;
  /** Puts the merged file in place of the others; false while a reader holds them. */
  commitMerge(merge: LakeMerge, file: StagedFile): Promise<boolean>;
}
