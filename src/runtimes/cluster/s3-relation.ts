import { quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { FilesSql } from "../../process/quality/stage-counts.ts";
import type { LakeFormat } from "../../storage/lake/lake.ts";
import type { S3Client, S3Connection } from "../../storage/lake/s3/s3-client.ts";

const ENGINE_FORMATS = { parquet: "Parquet", orc: "ORC" } as const;

/** ClickHouse's `s3(…)` over objects: what begins with these keys' texts, `*` and `{a,b}` in them. */
export function s3Relation(
  { accessKey, secretKey, sessionToken }: S3Connection,
  client: S3Client,
  { key, format, structure }: { key: string; format: LakeFormat; structure: string },
): string {
  const texts = [
    client.httpUrl(key),
    accessKey,
    secretKey,
    ...(sessionToken === undefined ? [] : [sessionToken]),
    ENGINE_FORMATS[format],
    structure,
  ];
  return `s3(${texts.map(quoteText).join(", ")})`;
}

/** The same over files of the lake, by their URLs. */
export function s3FilesSql(connection: S3Connection, client: S3Client): FilesSql {
  const root = client.url("");
  return (paths, format, structure) => {
    const keys = paths.map((path) => path.slice(root.length));
    const key = keys.length === 1 ? keys[0]! : `{${keys.join(",")}}`;
    return s3Relation(connection, client, { key, format, structure });
  };
}
