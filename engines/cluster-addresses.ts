/** Where the engines of a cluster answer: what is in `cluster.json`. Only started ones are there. */
export interface ClusterAddresses {
  /** `host:port` of each broker. */
  readonly kafka?: { readonly bootstrap: readonly string[] };
  /** The root of the Confluent API, such as `http://127.0.0.1:8081/apis/ccompat/v7`. */
  readonly registry?: { readonly url: string };
  /** Kafka Connect's REST API; Debezium for PostgreSQL and the file connectors are installed. */
  readonly connect?: { readonly url: string };
  /** The SQL gateway, and the JobManager's REST API. */
  readonly flink?: { readonly gatewayUrl: string; readonly restUrl: string };
  /** `SPARK_HOME` with Iceberg and S3 in it, and the Java that it runs on. */
  readonly spark?: { readonly home: string; readonly javaHome: string };
  readonly s3?: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKey: string;
    readonly secretKey: string;
  };
  /** The NameNode's web address, and who may write there. */
  readonly hdfs?: { readonly url: string; readonly user: string };
  readonly redis?: { readonly url: string };
  /** A `postgres://` URL of a user who may replicate. */
  readonly postgres?: { readonly url: string };
  readonly mqtt?: { readonly url: string };
  readonly victoriaMetrics?: { readonly url: string };
}
