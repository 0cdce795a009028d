import type { Clock } from "../../../core/clock.ts";
import { randomHex } from "../../../core/random.ts";
import type { LakeFile, LakeFilesQuery, LakePosition, LakeReader } from "../lake.ts";
import { S3Client, type S3Connection } from "./s3-client.ts";
import { S3Keys } from "./s3-keys.ts";
import { S3Manifest, type PartitionManifest } from "./s3-manifest.ts";

/** Opens the lake of a bucket for reading. Nothing is sent yet. */
export function openS3LakeReader(connection: S3Connection, clock: Clock): S3LakeReader {
  return new S3LakeReader(connection, clock);
}

/** Reads the manifest's objects; a call sees what was committed before it began. */
export class S3LakeReader implements LakeReader {
  protected readonly client: S3Client;
  protected readonly keys: S3Keys;
  protected readonly manifest: S3Manifest;
  protected readonly clock: Clock;

  constructor(connection: S3Connection, clock: Clock) {
    this.client = new S3Client(connection);
    this.keys = new S3Keys(connection.prefix);
    this.manifest = new S3Manifest(this.client, this.keys);
    this.clock = clock;
  }

  async files({ topic, fromDay = "", toDay = "~" }: LakeFilesQuery): Promise<LakeFile[]> {
    const files = await this.manifest.files(topic);
    return files.filter(({ date }) => date >= fromDay && date <= toDay);
  }

  async coverage(topic: string): Promise<LakePosition[]> {
    return (await this.manifest.partitions(topic)).flatMap((each) => positionOf(topic, each));
  }

  async find(topic: string, partition: number, offset: number): Promise<LakeFile[]> {
    const files = await this.manifest.files(topic);
    return files.filter(
      (file) => file.partition === partition && file.from <= offset && file.to > offset,
    );
  }

  async hold(topic: string, forMs: number): Promise<() => Promise<void>> {
    const until = Math.ceil(this.clock.nowMs() + forMs);
    const key = this.keys.hold(topic, until, randomHex(8));
    await this.client.put(key, new Uint8Array());
    return () => this.client.delete(key);
  }

  close(): void {
    this.client.close();
  }
}

/** How far a partition goes; none where nothing was committed. */
export function positionOf(topic: string, manifest: PartitionManifest): LakePosition[] {
  const last = manifest.commits.at(-1);
  return last === undefined ? [] : [{ topic, partition: manifest.partition, offset: last.to }];
}
