import type { Clock } from "../../../core/clock.ts";
import { ObjectLakeReader } from "../objects/object-lake-reader.ts";
import { openObjectLake, type ObjectLake, type ObjectLakeOptions } from "../objects/object-lake.ts";
import { HdfsClient, type HdfsConnection } from "./hdfs-client.ts";

export interface HdfsLakeOptions extends Omit<ObjectLakeOptions, "store" | "prefix"> {
  readonly connection: HdfsConnection;
}

/** Opens the lake of a folder of HDFS for writing, and takes away what was left unfinished. */
export async function openHdfsLake(options: HdfsLakeOptions): Promise<ObjectLake> {
  const { connection, ...rest } = options;
  const store = new HdfsClient(connection);
  await store.removeUnfinished(rest.clock.nowMs());
  return openObjectLake({ ...rest, store });
}

/** Opens it for reading. Nothing is sent yet. */
export const openHdfsLakeReader = (connection: HdfsConnection, clock: Clock): ObjectLakeReader =>
  new ObjectLakeReader({ store: new HdfsClient(connection) }, clock);
