import type { Clock } from "../../../core/clock.ts";
import { randomHex } from "../../../core/random.ts";
import type { LakeFile, LakeFilesQuery, LakePosition, LakeReader } from "../lake.ts";
import type { ObjectStore } from "./object-store.ts";
import { ObjectKeys } from "./object-keys.ts";
import { ObjectManifest, type PartitionManifest } from "./object-manifest.ts";

/** A store, and what all keys of the lake begin with there. */
export interface LakePlace {
  readonly store: ObjectStore;
  /** Without a slash at its end. */
  readonly prefix?: string;
}

/** Reads the manifest's objects; a call sees what was committed before it began. */
export class ObjectLakeReader implements LakeReader {
  protected readonly store: ObjectStore;
  protected readonly keys: ObjectKeys;
  protected readonly manifest: ObjectManifest;
  protected readonly clock: Clock;

  constructor({ store, prefix }: LakePlace, clock: Clock) {
    this.store = store;
    this.keys = new ObjectKeys(prefix);
    this.manifest = new ObjectManifest(store, this.keys);
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
    await this.store.put(key, new Uint8Array());
    return () => this.store.delete(key);
  }

  close(): void {
    this.store.close();
  }
}

/** How far a partition goes; none where nothing was committed. */
export function positionOf(topic: string, manifest: PartitionManifest): LakePosition[] {
  const last = manifest.commits.at(-1);
  return last === undefined ? [] : [{ topic, partition: manifest.partition, offset: last.to }];
}
