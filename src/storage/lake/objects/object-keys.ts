import type { LakeFormat, LakeRange } from "../lake.ts";

/**
 * A topic as a part of a key: as it is, where it is a name that Kafka takes; other signs as `~` and
 * two digits for each byte. Stores differ in what they make of a percent sign.
 */
const encoded = (topic: string): string =>
  encodeURIComponent(topic)
    .replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%", "~");

const decoded = (part: string): string => decodeURIComponent(part.replaceAll("~", "%"));

const digits = (offset: number): string => String(offset).padStart(16, "0");

/**
 * Where the lake's objects are. Names that begin with `_` are those that Spark and Hive overlook.
 *
 * ```
 * <topic>/date=YYYY-MM-DD/p<partition>-<from>-<to>-<hash of the bytes>.parquet
 * _commits/<topic>/p<partition>/<from>.json     which files a range of offsets has
 * _merges/<topic>/p<partition>/<hash>.json      which files a merged one replaces
 * _intents/<topic>/p<partition>.json            the range that is being written
 * _holds/<topic>/<until, ms>-<chance>           who needs the files in their place
 * _garbage/<topic>/<hash>.json                  what a merge leaves, or left unfinished
 * _staging/<start, ms>-<chance>/…               what Spark computed, on its way to the warehouse
 * ```
 */
export class ObjectKeys {
  readonly #root: string;

  constructor(prefix = "") {
    this.#root = prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`;
  }

  data(range: LakeRange, date: string, hash: string, format: LakeFormat): string {
    const { topic, partition, from, to } = range;
    const name = `p${partition}-${digits(from)}-${digits(to)}-${hash.slice(0, 16)}.${format}`;
    return `${this.#root}${encoded(topic)}/date=${date}/${name}`;
  }

  /** Topics are the folders of this one. */
  get commits(): string {
    return `${this.#root}_commits/`;
  }

  /** Partitions are the folders of this one. */
  commitsOf(topic: string): string {
    return `${this.commits}${encoded(topic)}/`;
  }

  commitsIn(topic: string, partition: number): string {
    return `${this.commitsOf(topic)}p${partition}/`;
  }

  commit({ topic, partition, from }: Omit<LakeRange, "to">): string {
    return `${this.commitsIn(topic, partition)}${digits(from)}.json`;
  }

  mergesOf(topic: string): string {
    return `${this.#root}_merges/${encoded(topic)}/`;
  }

  merge(topic: string, partition: number, hash: string): string {
    return `${this.mergesOf(topic)}p${partition}/${hash}.json`;
  }

  get intents(): string {
    return `${this.#root}_intents/`;
  }

  intent(topic: string, partition: number): string {
    return `${this.intents}${encoded(topic)}/p${partition}.json`;
  }

  holdsOf(topic: string): string {
    return `${this.#root}_holds/${encoded(topic)}/`;
  }

  hold(topic: string, until: number, chance: string): string {
    return `${this.holdsOf(topic)}${digits(until)}-${chance}`;
  }

  /** Runs are the folders of this one. */
  get staging(): string {
    return `${this.#root}_staging/`;
  }

  get garbage(): string {
    return `${this.#root}_garbage/`;
  }

  garbageOf(topic: string, hash: string): string {
    return `${this.garbage}${encoded(topic)}/${hash}.json`;
  }
}

/** When a hold ends, ms, by its key. */
export const holdUntil = (key: string): number => Number(key.split("/").at(-1)!.slice(0, 16));

/** The last folder of a listing's entry: `…/p7/` is 7, a topic is decoded. */
export const folderName = (folder: string): string =>
  decoded(folder.slice(0, -1).split("/").at(-1)!);
