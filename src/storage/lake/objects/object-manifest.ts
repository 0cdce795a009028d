import { assert } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { LakeFile, LakeFileContents, LakeFormat, LakeRange } from "../lake.ts";
import type { ObjectStore } from "./object-store.ts";
import { folderName, type ObjectKeys } from "./object-keys.ts";

/** A file in a manifest object: `key` is that of the data. */
export interface ListedFile extends LakeFileContents {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly format: LakeFormat;
  readonly bytes: number;
}

/** What a commit's object says: the files of a range of offsets, one a day, or none. */
export interface CommitRecord extends LakeRange {
  readonly files: readonly ListedFile[];
}

/** What a merge's object says: one file in place of others of the same day and partition. */
export interface MergeRecord {
  readonly topic: string;
  readonly partition: number;
  readonly replaced: readonly string[];
  readonly file: ListedFile;
}

/** What was committed of a partition, in the order of offsets. */
export interface PartitionManifest {
  readonly partition: number;
  readonly commits: readonly CommitRecord[];
}

const AT_ONCE = 16;

/**
 * Reads the objects that say which files there are. They never change, so each is read once;
 * commits are listed from the last known one on. Merges are listed before commits: what a known
 * merge replaces is then always known, too.
 */
export class ObjectManifest {
  readonly #store: ObjectStore;
  readonly #keys: ObjectKeys;
  /** By the key of the partition's folder. */
  readonly #commits = new Map<string, CommitRecord[]>();
  #commitsKept = 0;
  readonly #merges = new Map<string, MergeRecord>();

  constructor(store: ObjectStore, keys: ObjectKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  async topics(): Promise<string[]> {
    const { folders } = await this.#store.list(this.#keys.commits, { folders: true });
    return folders.map(folderName);
  }

  /** The partitions of a topic that have commits, in order. */
  async partitions(topic: string): Promise<PartitionManifest[]> {
    const { folders } = await this.#store.list(this.#keys.commitsOf(topic), { folders: true });
    const numbers = folders.map((folder) => Number(folderName(folder).slice(1)));
    const read = (partition: number): Promise<PartitionManifest> =>
      this.partition(topic, partition);
    return Promise.all(numbers.toSorted((a, b) => a - b).map(read));
  }

  async partition(topic: string, partition: number): Promise<PartitionManifest> {
    const folder = this.#keys.commitsIn(topic, partition);
    if (this.#commitsKept > LIMITS.lakeCommitsKeptMax) this.#forget();
    const known = this.#commits.get(folder) ?? [];
    const last = known.at(-1);
    const listed = await this.#store.list(folder, {
      ...(last !== undefined && { startAfter: this.#keys.commit(last) }),
    });
    const found = await this.#read<CommitRecord>(listed.keys);
    // Another call may have read the same meanwhile: what it kept is the same.
    const next = this.#commits.get(folder) ?? [];
    const reached = next.at(-1)?.to ?? -1;
    const added = found.filter(({ from }) => from >= reached);
    const commits = [...next, ...added];
    this.#commits.set(folder, commits);
    this.#commitsKept += added.length;
    return { partition, commits };
  }

  /** The files that count, by day, partition and offset. */
  async files(topic: string): Promise<LakeFile[]> {
    const merges = await this.#mergesOf(topic);
    const partitions = await this.partitions(topic);
    const replaced = new Set(merges.flatMap((merge) => merge.replaced));
    const committed = partitions.flatMap(({ partition, commits }) =>
      commits.flatMap(({ files }) => files.map((file) => ({ partition, file }))),
    );
    const merged = merges.map(({ partition, file }) => ({ partition, file }));
    return [...committed, ...merged]
      .filter(({ file }) => !replaced.has(file.key))
      .map(({ partition, file: { key, ...file } }) => ({
        ...file,
        topic,
        partition,
        path: this.#store.url(key),
      }))
      .toSorted(
        (left, right) =>
          compare(left.date, right.date) ||
          left.partition - right.partition ||
          left.from - right.from,
      );
  }

  async #mergesOf(topic: string): Promise<MergeRecord[]> {
    const { keys } = await this.#store.list(this.#keys.mergesOf(topic));
    const unknown = keys.filter((key) => !this.#merges.has(key));
    const found = await this.#read<MergeRecord>(unknown);
    for (const [at, merge] of found.entries()) this.#merges.set(unknown[at]!, merge);
    return keys.map((key) => this.#merges.get(key)!);
  }

  async #read<Value>(keys: readonly string[]): Promise<Value[]> {
    const values: Value[] = [];
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE);
      values.push(...(await Promise.all(some.map((key) => readRecord<Value>(this.#store, key)))));
    }
    return values;
  }

  #forget(): void {
    this.#commits.clear();
    this.#merges.clear();
    this.#commitsKept = 0;
  }
}

/** An object of the manifest that was listed: it is there. */
async function readRecord<Value>(store: ObjectStore, key: string): Promise<Value> {
  const bytes = await store.get(key);
  assert(bytes !== undefined, `${key} was listed and isn't there`);
  return JSON.parse(bytes.toString("utf8")) as Value;
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
