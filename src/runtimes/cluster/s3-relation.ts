import { quoteText } from "../../language/compile/clickhouse/sql-text.ts";
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
