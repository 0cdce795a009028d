import { engineSuite } from "../../../engines/engine-test.ts";
import { batchSuite } from "./batch.suite.ts";

const name = "batch in a cluster by Spark";

await engineSuite(name, ["kafka", "registry", "s3", "spark"], (addresses) =>
  batchSuite(name, addresses, { spark: addresses.spark }),
);
