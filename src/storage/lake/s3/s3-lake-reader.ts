import type { Clock } from "../../../core/clock.ts";
import { ObjectLakeReader, type LakePlace } from "../objects/object-lake-reader.ts";
import { S3Client, type S3Connection } from "./s3-client.ts";

/** Opens the lake of a bucket for reading. Nothing is sent yet. */
export const openS3LakeReader = (connection: S3Connection, clock: Clock): ObjectLakeReader =>
  new ObjectLakeReader(s3Place(connection), clock);

/** The lake's place in its bucket. */
export const s3Place = (connection: S3Connection): LakePlace => ({
  store: new S3Client(connection),
  ...(connection.prefix !== undefined && { prefix: connection.prefix }),
});
