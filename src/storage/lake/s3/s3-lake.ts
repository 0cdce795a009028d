import { openObjectLake, type ObjectLake, type ObjectLakeOptions } from "../objects/object-lake.ts";
import type { S3Connection } from "./s3-client.ts";
import { s3Place } from "./s3-lake-reader.ts";

export interface S3LakeOptions extends Omit<ObjectLakeOptions, "store" | "prefix"> {
  readonly connection: S3Connection;
}

/** Opens the lake of a bucket for writing, and takes away what a merge left unfinished. */
export const openS3Lake = ({ connection, ...options }: S3LakeOptions): Promise<ObjectLake> =>
  openObjectLake({ ...options, ...s3Place(connection) });
