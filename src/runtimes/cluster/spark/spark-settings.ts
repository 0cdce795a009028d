import { SPARK_SETTINGS } from "../../../language/compile/spark/dialect.ts";
import type { S3Connection } from "../../../storage/lake/s3/s3-client.ts";

/** Settings of a session that runs compiled SQL over a lake on S3. */
export function sparkSettings(lake: S3Connection): Readonly<Record<string, string>> {
  return {
    ...SPARK_SETTINGS,
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
    ...s3Settings(lake),
  };
}

function s3Settings(lake: S3Connection): Record<string, string> {
  const { endpoint, region, accessKey, secretKey, sessionToken, pathStyle } = lake;
  const provider =
    sessionToken === undefined ? "SimpleAWSCredentialsProvider" : "TemporaryAWSCredentialsProvider";
  const settings = {
    "aws.credentials.provider": `org.apache.hadoop.fs.s3a.${provider}`,
    "access.key": accessKey,
    "secret.key": secretKey,
    ...(sessionToken !== undefined && { "session.token": sessionToken }),
    "endpoint.region": region,
    ...(endpoint !== undefined && {
      endpoint,
      "connection.ssl.enabled": String(endpoint.startsWith("https:")),
    }),
    "path.style.access": String(pathStyle ?? endpoint !== undefined),
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`spark.hadoop.fs.s3a.${name}`, value]),
  );
}
