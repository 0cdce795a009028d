import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { canonicalJson } from "../../../core/canonical-json.ts";
import type { Clock } from "../../../core/clock.ts";
import { assert } from "../../../core/errors.ts";
import type {
  LakeFile,
  LakeFormat,
  LakeMerge,
  LakePosition,
  LakeRange,
  LakeWriterPort,
  MergeQuery,
  StagedFile,
} from "../lake.ts";
import { planMerges } from "../plan-merges.ts";
import { holdUntil } from "./object-keys.ts";
import { positionOf, ObjectLakeReader, type LakePlace } from "./object-lake-reader.ts";
import type { CommitRecord, ListedFile, MergeRecord } from "./object-manifest.ts";

export interface ObjectLakeOptions extends LakePlace {
  /** A folder of this machine for files on their way; an absolute path, of this process alone. */
  readonly stagingDir: string;
  readonly clock: Clock;
  /** Of new files; readers take both. */
  readonly format?: LakeFormat;
  /** Called at named narrow points; tests end the process there. */
  readonly crashPoint?: (name: LakeCrashPoint) => void;
}

/** The narrow points of a commit and of a merge. */
export type LakeCrashPoint = "between-file-and-manifest" | "between-manifest-and-garbage";

/** What a merge may have to take away: `replaced` once its record is there, `made` if it never is. */
interface Garbage {
  readonly topic: string;
  readonly record: string;
  readonly replaced: readonly string[];
  readonly made: string;
}

/** Opens a lake for writing, and takes away what a merge left unfinished. */
export async function openObjectLake(options: ObjectLakeOptions): Promise<ObjectLake> {
  const lake = new ObjectLake(options);
  await lake.removeGarbage();
  return lake;
}

/**
 * The lake in a store of objects. Nothing can be renamed there, so a file is in the lake when an
 * object of the manifest lists it: one for each partition and first offset, written on the condition
 * that there is none (`create`). Of two writers at the same place one fails; a writer that is
 * behind always meets an offset that is taken. Data is named after its bytes, so that what another
 * writer, or an earlier try, has written is never written over.
 */
export class ObjectLake extends ObjectLakeReader implements LakeWriterPort {
  readonly #stagingDir: string;
  readonly #format: LakeFormat;
  readonly #crashPoint: (name: LakeCrashPoint) => void;

  constructor(options: ObjectLakeOptions) {
    const { stagingDir, clock, format = "parquet", crashPoint = () => {} } = options;
    super(options, clock);
    this.#stagingDir = stagingDir;
    this.#format = format;
    this.#crashPoint = crashPoint;
  }

  async positions(): Promise<LakePosition[]> {
    const topics = await this.manifest.topics();
    return (await Promise.all(topics.map((topic) => this.coverage(topic)))).flat();
  }

  async pending(): Promise<LakeRange[]> {
    const { keys } = await this.store.list(this.keys.intents);
    const found = await Promise.all(keys.map((key) => this.#intentAt(key)));
    return found.flatMap((each) => each ?? []);
  }

  async begin(range: LakeRange): Promise<string> {
    const { topic, partition, from, to } = range;
    assert(to > from, `an empty range of ${topic}, partition ${partition}`);
    const key = this.keys.intent(topic, partition);
    const pending = await this.#intentAt(key);
    if (pending === undefined) {
      await this.#assertNext(range);
      await this.store.put(key, bytesOf({ topic, partition, from, to }));
    } else {
      assert(
        pending.from === from && pending.to === to,
        `${topic}, partition ${partition}: [${from}, ${to}) begun while ` +
          `[${pending.from}, ${pending.to}) is pending`,
      );
    }
    return this.#emptyFolder(range, "roll");
  }

  async commit(range: LakeRange, staged: readonly StagedFile[]): Promise<LakeFile[]> {
    const { topic, partition, from, to } = range;
    await this.#assertNext(range);
    const files: ListedFile[] = [];
    for (const each of staged) files.push(await this.#upload(range, each));
    this.#crashPoint("between-file-and-manifest");
    const record: CommitRecord = { topic, partition, from, to, files };
    const key = this.keys.commit(range);
    if (!(await this.store.create(key, bytesOf(record)))) {
      // Ours, if the answer to a first try was lost.
      const there = await this.store.get(key);
      assert(
        there?.equals(bytesOf(record)) === true,
        `${topic}, partition ${partition}: another writer has committed from offset ${from} on`,
      );
    }
    await this.store.delete(this.keys.intent(topic, partition));
    rmSync(this.#folder(range, "roll"), { recursive: true, force: true });
    return files.map((file) => this.#shown(range, file));
  }

  async merges(query: MergeQuery): Promise<LakeMerge[]> {
    const topics = await this.manifest.topics();
    const files = await Promise.all(topics.map((topic) => this.manifest.files(topic)));
    return planMerges(files.flat(), query);
  }

  async beginMerge(merge: LakeMerge): Promise<string> {
    return this.#emptyFolder(rangeOfMerge(merge), "merge");
  }

  async commitMerge(merge: LakeMerge, staged: StagedFile): Promise<boolean> {
    const { topic, partition } = merge;
    const range = rangeOfMerge(merge);
    const rows = merge.files.reduce((sum, file) => sum + file.rows, 0);
    assert(rows === staged.rows, `a merge of ${rows} rows gave ${staged.rows}`);
    if (await this.#isHeld(topic)) return false;
    const listed = new Set((await this.manifest.files(topic)).map(({ path }) => path));
    for (const { path } of merge.files) assert(listed.has(path), `${path} isn't in the lake`);
    const root = this.store.url("");
    const replaced = merge.files.map(({ path }) => path.slice(root.length));
    const hash = createHash("sha256").update(canonicalJson(replaced)).digest("hex").slice(0, 32);
    const record = this.keys.merge(topic, partition, hash);
    const key = await this.#keyOf(range, staged);
    const garbage: Garbage = { topic, record, replaced, made: key };
    // Until the record names it, the merged file is garbage; from then on the others are.
    await this.store.put(this.keys.garbageOf(topic, hash), bytesOf(garbage));
    const file = await this.#upload(range, staged);
    this.#crashPoint("between-file-and-manifest");
    const merged: MergeRecord = { topic, partition, replaced, file };
    await this.store.create(record, bytesOf(merged));
    this.#crashPoint("between-manifest-and-garbage");
    await this.removeGarbage();
    rmSync(this.#folder(range, "merge"), { recursive: true, force: true });
    return true;
  }

  /** Removes what merges replaced, once nobody holds it, and what they left unfinished. */
  async removeGarbage(): Promise<void> {
    const { keys } = await this.store.list(this.keys.garbage);
    for (const key of keys) {
      const text = await this.store.get(key);
      if (text === undefined) continue;
      const { topic, record, replaced, made } = JSON.parse(text.toString("utf8")) as Garbage;
      const isMerged = (await this.store.get(record)) !== undefined;
      if (isMerged && (await this.#isHeld(topic))) continue;
      for (const each of isMerged ? replaced : [made]) await this.store.delete(each);
      await this.store.delete(key);
    }
  }

  /** The range of an intent that was not committed. */
  async #intentAt(key: string): Promise<LakeRange | undefined> {
    const text = await this.store.get(key);
    if (text === undefined) return undefined;
    const range = JSON.parse(text.toString("utf8")) as LakeRange;
    const { commits } = await this.manifest.partition(range.topic, range.partition);
    const isCommitted = (commits.at(-1)?.to ?? -1) > range.from;
    return isCommitted ? undefined : range;
  }

  async #assertNext({ topic, partition, from }: LakeRange): Promise<void> {
    const manifest = await this.manifest.partition(topic, partition);
    const next = positionOf(topic, manifest)[0]?.offset ?? from;
    assert(
      next === from,
      `${topic}, partition ${partition}: the lake ends at ${next}, not ${from}`,
    );
  }

  async #keyOf(range: LakeRange, { path, date }: StagedFile): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return this.keys.data(range, date, hash.digest("hex"), this.#format);
  }

  async #upload(range: LakeRange, staged: StagedFile): Promise<ListedFile> {
    const { path, ...contents } = staged;
    const key = await this.#keyOf(range, staged);
    const bytes = statSync(path).size;
    await this.store.upload(key, path, bytes);
    const { from, to } = range;
    return { key, from, to, format: this.#format, bytes, ...contents };
  }

  #shown({ topic, partition }: LakeRange, { key, ...file }: ListedFile): LakeFile {
    return { ...file, topic, partition, path: this.store.url(key) };
  }

  /** Whether someone needs the topic's files; forgotten holds are removed. */
  async #isHeld(topic: string): Promise<boolean> {
    const { keys } = await this.store.list(this.keys.holdsOf(topic));
    const now = this.clock.nowMs();
    for (const key of keys.filter((each) => holdUntil(each) < now)) await this.store.delete(key);
    return keys.some((key) => holdUntil(key) >= now);
  }

  #folder({ topic, partition, from }: LakeRange, purpose: "roll" | "merge"): string {
    return join(this.#stagingDir, `${purpose}-${encodeURIComponent(topic)}-p${partition}-${from}`);
  }

  #emptyFolder(range: LakeRange, purpose: "roll" | "merge"): string {
    const folder = this.#folder(range, purpose);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

const bytesOf = (value: object): Buffer => Buffer.from(JSON.stringify(value));

const rangeOfMerge = ({ topic, partition, files }: LakeMerge): LakeRange => ({
  topic,
  partition,
  from: Math.min(...files.map(({ from }) => from)),
  to: Math.max(...files.map(({ to }) => to)),
});
