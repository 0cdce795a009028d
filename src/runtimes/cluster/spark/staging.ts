import { randomHex } from "../../../core/random.ts";
import { S3Client, type S3Connection } from "../../../storage/lake/s3/s3-client.ts";
import { ObjectKeys } from "../../../storage/lake/objects/object-keys.ts";
import { s3Relation } from "../s3-relation.ts";

/** Older folders of runs that were killed are removed, ms. */
const LEFT_MS = 86_400_000;

/**
 * Folders of the lake's bucket where Spark puts what it computed, for the warehouse to take it from;
 * each is one run's.
 */
export class Staging {
  readonly #connection: S3Connection;
  readonly #client: S3Client;
  readonly #root: string;
  readonly #run: string;
  #folders = 0;

  constructor(connection: S3Connection, nowMs: number) {
    this.#connection = connection;
    this.#client = new S3Client(connection);
    this.#root = new ObjectKeys(connection.prefix).staging;
    this.#run = `${this.#root}${String(nowMs).padStart(16, "0")}-${randomHex(8)}/`;
  }

  /** A folder that nobody has. */
  folder(): StagedFolder {
    const key = `${this.#run}${++this.#folders}`;
    return {
      sparkUrl: sparkUrl(this.#client.url(key)),
      relation: (structure) =>
        s3Relation(this.#connection, this.#client, {
          key: `${key}/*.parquet`,
          format: "parquet",
          structure,
        }),
    };
  }

  /** Removes this run's folders. */
  async clear(): Promise<void> {
    if (this.#folders > 0) await this.#remove(this.#run);
    this.#folders = 0;
  }

  /** Removes what killed runs left long ago. */
  async clearLeft(nowMs: number): Promise<void> {
    const { folders } = await this.#client.list(this.#root, { folders: true });
    for (const folder of folders) {
      const startedMs = Number(folder.slice(this.#root.length).split("-")[0]);
      if (startedMs < nowMs - LEFT_MS) await this.#remove(folder);
    }
  }

  close(): void {
    this.#client.close();
  }

  async #remove(prefix: string): Promise<void> {
    const { keys } = await this.#client.list(prefix);
    for (const key of keys) await this.#client.delete(key);
  }
}

/** A folder of Parquet files: where Spark writes it, and what it is to the warehouse. */
export interface StagedFolder {
  readonly sparkUrl: string;
  /** SQL of ClickHouse for its rows, with these columns. */
  readonly relation: (structure: string) => string;
}

/** An object's URL as Hadoop's client takes it. */
export const sparkUrl = (url: string): string => url.replace(/^s3:/, "s3a:");
